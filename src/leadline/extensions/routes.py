"""What an extension says of a table, as a declared table, and the other way round.

A route is a list of maps; ``id`` tells what each one describes (osquery/core/tables.cpp, routeInfo). Numbers of
options and operators: osquery/core/sql/column.h and osquery/core/tables.h.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from leadline.extensions.errors import RefusedError
from leadline.sql.schema import (
    BIGINT,
    BLOB,
    DOUBLE,
    EQUALS,
    GLOB,
    GREATER,
    GREATER_EQUALS,
    INTEGER,
    LESS,
    LESS_EQUALS,
    LIKE,
    TEXT,
    UNSIGNED_BIGINT,
    Column,
    Table,
)  # fmt: skip

Route = list[dict[str, str]]

INDEX, REQUIRED, ADDITIONAL, OPTIMIZED, HIDDEN = 1, 2, 4, 8, 16
COLLATIONS = {
    32: "binary", 64: "nocase", 128: "rtrim", 256: "version", 512: "version_arch", 1024: "version_dpkg",
    2048: "version_rhel",
}  # fmt: skip
ATTRIBUTES = {"utility": 1, "cacheable": 2, "events": 4, "user_data": 8}
"""osquery/core/tables.h, TableAttributes."""

TYPES = {TEXT: TEXT, INTEGER: INTEGER, BIGINT: BIGINT, UNSIGNED_BIGINT: "UNSIGNED BIGINT", DOUBLE: DOUBLE, BLOB: BLOB}
"""Our names of the types and those on the wire."""

OPERATORS = {EQUALS: 2, GREATER: 4, LESS_EQUALS: 8, LESS: 16, GREATER_EQUALS: 32, LIKE: 65, GLOB: 66}
NAMES = {number: operator for operator, number in OPERATORS.items()}

MOST_COLUMNS = 2000  # SQLite's own limit
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}\Z")
COLUMN = re.compile(r"[^`\x00-\x1f\x7f]{1,200}\Z")


class Described(NamedTuple):
    """The parts of a route: columns, other names of the table, (name, target) of aliases in the order they came."""

    columns: list[Column]
    aliases: list[str]
    column_aliases: list[tuple[str, str]]
    strict: frozenset[str]
    """Columns of which the extension itself says that they are the index or required, and nothing else."""


def described(name: str, route: Route, *, default_index: bool) -> Described:
    """Read the route of a table. Raises RefusedError when no table can be made of it.

    ``default_index`` makes an index of each column without options, as the flag extensions_default_index says.
    """
    if not NAME.match(name):
        raise RefusedError(f"{name!r} cannot be the name of a table")
    found: list[tuple[str, str, int]] = []
    aliases: list[str] = []
    column_aliases: list[tuple[str, str]] = []
    for part in route:
        kind = part.get("id")
        if kind == "column" and "name" in part and "type" in part:
            found.append((part["name"], part["type"], whole(part.get("op", "0"))))
        elif kind == "alias" and NAME.match(part.get("alias", "")):
            aliases.append(part["alias"])
        elif kind == "columnAlias" and "name" in part and "target" in part:
            column_aliases.append((part["name"], part["target"]))
    names = [column for column, _, _ in found]
    column_aliases = [(alias, target) for alias, target in column_aliases if target in names]
    check_columns(name, [*names, *(alias for alias, _ in column_aliases)])
    columns = [
        column(one, type, options, [alias for alias, target in column_aliases if target == one], default_index)
        for one, type, options in found
    ]
    strict = frozenset(one for one, _, options in found if options in (INDEX, REQUIRED))
    return Described(columns, list(dict.fromkeys(aliases)), column_aliases, strict)


def check_columns(table: str, names: list[str]) -> None:
    """Raises RefusedError for names that SQLite would not take."""
    if not names:
        raise RefusedError("Invalid route info")
    if len(names) > MOST_COLUMNS:
        raise RefusedError(f"Table {table} has more than {MOST_COLUMNS} columns")
    for name in names:
        if not COLUMN.match(name):
            raise RefusedError(f"{name!r} cannot be the name of a column of the table {table}")
    if len({name.lower() for name in names}) < len(names):
        raise RefusedError(f"Table {table} has two columns of the same name")


def column(name: str, type: str, options: int, aliases: list[str], default_index: bool) -> Column:
    """One column; a type that is none counts as TEXT."""
    wire = {sent: ours for ours, sent in TYPES.items()}
    return Column(
        name,
        wire.get(type.upper(), TEXT),
        "",
        index=bool(options & INDEX) or (default_index and options == 0),
        required=bool(options & REQUIRED),
        additional=bool(options & ADDITIONAL),
        optimized=bool(options & OPTIMIZED),
        hidden=bool(options & HIDDEN),
        collate=next((collation for bit, collation in COLLATIONS.items() if options & bit), None),
        aliases=aliases,
    )


def whole(text: str) -> int:
    """A number of the wire; what is none is 0."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def route(table: Table) -> Route:
    """What to tell osquery of a table of ours."""
    parts = [
        {"id": "column", "name": one.name, "type": TYPES[one.type], "op": str(options(one))} for one in table.columns
    ]
    parts += [{"id": "alias", "alias": alias} for alias in table.aliases]
    parts += [
        {"id": "columnAlias", "name": alias, "target": one.name} for one in table.columns for alias in one.aliases
    ]
    mask = sum(bit for name, bit in ATTRIBUTES.items() if name in table.attributes)
    return [*parts, {"id": "attributes", "attributes": str(mask)}]


def options(column: Column) -> int:
    """The mask of a column's options."""
    mask = (
        INDEX * column.index + REQUIRED * column.required + ADDITIONAL * column.additional
        + OPTIMIZED * column.optimized + HIDDEN * column.hidden
    )  # fmt: skip
    return mask + sum(bit for bit, collation in COLLATIONS.items() if collation == column.collate)
