"""Tables of extensions as tables of this program's engines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, NoReturn

import apsw

from leadline.extensions import context
from leadline.extensions.errors import CancelledError, ExtensionError
from leadline.extensions.routes import ATTRIBUTES, Described, described, whole
from leadline.sql import values
from leadline.sql.errors import SQLError
from leadline.sql.schema import (
    ALL,
    BIGINT,
    BLOB,
    DOUBLE,
    INTEGER,
    PLATFORM_NAMES,
    TEXT,
    UNSIGNED_BIGINT,
    Column,
    Query,
    Row,
    Table,
    Value,
)  # fmt: skip

Rows = list[dict[str, str]]
Ask = Callable[[dict[str, str], Callable[[], bool]], tuple[int, str, Rows]]
"""Sends a request for the table to its extension, until the second argument says that nobody waits any more; code,
message and rows of the answer. Raises ExtensionError."""

INTEGERS = (INTEGER, BIGINT, UNSIGNED_BIGINT)
NUMBER = re.compile(r"\s*([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+)\Z")
LARGEST = (1 << 63) - 1


def declare(name: str, route: Rows, ask: Ask, *, default_index: bool, owner: str) -> Table:
    """The table of a route. Raises RefusedError."""
    parts = described(name, route, default_index=default_index)
    mask = sum(whole(part.get("attributes", "0")) for part in route if part.get("id") == "attributes")
    table = Table(
        name,
        parts.columns,
        ALL,
        aliases=parts.aliases,
        attributes=frozenset(["extension", *(one for one, bit in ATTRIBUTES.items() if mask & bit)]),
        description=f"A table of the extension {owner}.",
        writer=Remote(name, parts, ask),
    )
    names = [column.name for column in parts.columns]
    converters = [(column.name, CONVERTERS[column.type]) for column in parts.columns]

    def generate(query: Query) -> Iterator[Row]:
        request = {"action": "generate", "context": context.document(query, names, parts.column_aliases)}
        for row in answered(name, ask, request, query.cancelled):
            yield (*(convert(row.get(column)) for column, convert in converters), integer(row.get("rowid")))

    for platform in PLATFORM_NAMES:
        table.on(platform)(generate)
    return table


def answered(name: str, ask: Ask, request: dict[str, str], cancelled: Callable[[], bool]) -> Rows:
    """The rows of an answer. Raises apsw.SQLError, which ends the statement: no rows would say that there are none."""
    try:
        code, message, rows = ask(request, cancelled)
    except CancelledError as error:
        raise apsw.InterruptError("interrupted") from error
    except ExtensionError as error:
        raise apsw.SQLError(f"Table {name} failed: {error}") from error
    if code != 0:
        raise apsw.SQLError(message or f"Table {name} failed: its extension answered with code {code}")
    return rows


def text(value: str | None) -> Value:
    """Text as it came."""
    return value


def integer(value: str | None) -> int | None:
    """A whole number in any of C's three bases, as strtoll with base 0 reads it; None when it is none or too large."""
    found = NUMBER.match(value) if value and len(value) < 40 else None
    if not found:
        return None
    sign, digits = found.groups()
    base = 16 if digits[1:2] in ("x", "X") else 8 if digits[0] == "0" else 10
    try:
        number = int(digits, base)
    except ValueError:  # an 8 or 9 after a 0
        return None
    number = -number if sign == "-" else number
    return number if -LARGEST - 1 <= number <= LARGEST else None


def unsigned(value: str | None) -> int | None:
    """A number of up to 64 bits, in two's complement, as SQLite has no larger ones."""
    found = integer(value)
    if found is None and value and value.isascii() and value.isdigit() and len(value) <= 20:
        number = int(value)
        return number - (1 << 64) if number < 1 << 64 else None
    return found


def real(value: str | None) -> float | None:
    """A real number; None when it is none."""
    try:
        return float(value) if value and "_" not in value else None
    except ValueError:
        return None


CONVERTERS: dict[str, Callable[[str | None], Value]] = {
    TEXT: text, BLOB: text, INTEGER: integer, BIGINT: integer, UNSIGNED_BIGINT: unsigned, DOUBLE: real,
}  # fmt: skip


class Slot(NamedTuple):
    """Where a value of a written row stands in what SQLite hands over, and what it has to be."""

    position: int
    column: Column
    strict: bool


class Remote:
    """Writes to a table of an extension (leadline.sql.schema.Writer)."""

    def __init__(self, name: str, parts: Described, ask: Ask) -> None:
        self.name = name
        self.ask = ask
        self.slots = slots(parts)

    def insert(self, rowid: int | None, values: Sequence[Value]) -> int:
        """Add a row; its number is the one the statement gives, else the one the extension gives."""
        request = {"action": "insert", "json_value_array": self.array(values)}
        if rowid is None:
            answer = self.send({**request, "auto_rowid": "false"})
            number = integer(answer.get("id"))
            if number is None:
                raise SQLError(f"The extension did not number the new row of the table {self.name}")
            return number
        self.send({**request, "auto_rowid": "true", "id": str(rowid)})
        return rowid

    def update(self, rowid: int, new_rowid: int, values: Sequence[Value]) -> None:
        """Replace a row."""
        request = {"action": "update", "id": str(rowid), "json_value_array": self.array(values)}
        self.send({**request, "new_id": str(new_rowid)} if new_rowid != rowid else request)

    def delete(self, rowid: int) -> None:
        """Remove a row."""
        self.send({"action": "delete", "id": str(rowid)})

    def array(self, given: Sequence[Value]) -> str:
        """The values as JSON, in the order of the route. Raises SQLError when one has not the column's type."""
        return json.dumps([self.cell(given[slot.position], slot) for slot in self.slots], separators=(",", ":"))

    def cell(self, value: Value, slot: Slot) -> Value:
        """One value for JSON."""
        kind = slot.column.type
        if value is None and not slot.strict:
            return None
        if isinstance(value, int) and kind in INTEGERS:
            return value
        if isinstance(value, int | float) and kind == DOUBLE:
            return float(value)
        if isinstance(value, str) and kind == TEXT:
            return value
        if isinstance(value, bytes) and kind == BLOB:
            return values.decode(value)
        raise SQLError(f"datatype mismatch: column {slot.column.name} of {self.name}", apsw.SQLITE_MISMATCH)

    def send(self, request: dict[str, str]) -> dict[str, str]:
        """Ask the extension. Raises SQLError with SQLite's code for what it answers."""
        try:
            code, message, rows = self.ask({**request, "context": context.EMPTY}, lambda: False)
        except ExtensionError as error:
            raise SQLError(f"Table {self.name} failed: {error}") from error
        if code != 0:
            raise SQLError(message or f"Table {self.name} failed: its extension answered with code {code}")
        answer = rows[0] if len(rows) == 1 else {}
        if answer.get("status") != "success":
            self.refuse(answer)
        return answer

    def refuse(self, answer: dict[str, str]) -> NoReturn:
        """Raise what the status of an answer stands for."""
        status = answer.get("status")
        message = answer.get("message")
        if status == "readonly":
            raise SQLError(message or f"table {self.name} may not be modified", apsw.SQLITE_READONLY)
        if status == "constraint":
            raise SQLError(message or f"constraint failed: {self.name}", apsw.SQLITE_CONSTRAINT)
        if status == "failure":
            raise SQLError(message or f"Writing to the table {self.name} failed")
        raise SQLError(f"The extension gave no valid answer for the table {self.name}")


def slots(parts: Described) -> list[Slot]:
    """The places of a route's columns and aliases in the columns that SQLite has: each alias behind its column."""
    positions: dict[str, int] = {}
    for column in parts.columns:
        for name in (column.name, *column.aliases):
            positions[name] = len(positions)
    columns = {column.name: column for column in parts.columns}
    own = [Slot(positions[column.name], column, column.name in parts.strict) for column in parts.columns]
    return own + [Slot(positions[alias], columns[target], False) for alias, target in parts.column_aliases]
