"""What can be told about SQL text: its statements, whether it is complete, the types of its result columns."""

from __future__ import annotations

import apsw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

complete = apsw.complete
"""Whether the text ends a statement (sqlite3_complete)."""

CLOSING = {"'": "'", '"': '"', "`": "`", "[": "]"}


def split(text: str) -> list[str]:
    """The statements of a text, each without its semicolon; empty ones and mere comments are left out."""
    return [statement for statement, _ in split_lines(text)]


def split_lines(text: str) -> list[tuple[str, int]]:
    """The statements of a text and the line, from 1, on which each one ends."""
    found = []
    start = 0
    content = False  # something other than white space and comments since `start`
    for position, character in scan(text):
        if character == ";":
            if content:
                found.append((text[start:position].strip(), text.count("\n", 0, position) + 1))
            start = position + 1
            content = False
        else:
            content = True
    if content:
        found.append((text[start:].strip(), text.count("\n", 0, len(text.rstrip())) + 1))
    return found


def scan(text: str) -> Iterator[tuple[int, str]]:
    """Every character outside quotes, comments and white space, quoted parts as their opening character."""
    position = 0
    length = len(text)
    while position < length:
        character = text[position]
        if character in CLOSING:
            yield position, character
            end = text.find(CLOSING[character], position + 1)
            position = length if end < 0 else end + 1
        elif text.startswith("--", position):
            end = text.find("\n", position)
            position = length if end < 0 else end + 1
        elif text.startswith("/*", position):
            end = text.find("*/", position + 2)
            position = length if end < 0 else end + 2
        else:
            if not character.isspace():
                yield position, character
            position += 1


WRITES_P2 = {"Integer": "INTEGER", "Int64": "BIGINT", "String8": "TEXT", "String": "TEXT"}
WRITES_P3 = {
    "Concat": "TEXT",
    "Add": "BIGINT",
    "Subtract": "BIGINT",
    "Multiply": "BIGINT",
    "Divide": "BIGINT",
    "Remainder": "BIGINT",
    "BitAnd": "INTEGER",
    "BitOr": "INTEGER",
    "ShiftLeft": "INTEGER",
    "ShiftRight": "INTEGER",
    "And": "INTEGER",
    "Or": "INTEGER",
}
CASTS = {65: "BLOB", 66: "TEXT", 67: "NUMERIC", 68: "INTEGER", 69: "REAL"}
UNKNOWN = "UNKNOWN"


def types(connection: apsw.Connection, sql: str, declared: Sequence[str | None]) -> tuple[str, ...]:
    """The type of each result column: the declared one, else what the instruction that produces it makes.

    ``declared`` are the types SQLite knows from the schema, None for expressions. Opcodes:
    https://sqlite.org/opcode.html
    """
    if all(declared):
        return tuple(str(name) for name in declared)
    program = [tuple(row) for row in connection.execute("EXPLAIN " + sql)]
    first = next((row[2] for row in program if row[1] == "ResultRow"), None)
    if first is None:
        return tuple(name or UNKNOWN for name in declared)
    written = {}
    copies = {}
    for _, opcode, p1, p2, p3, *_ in program:
        if opcode in WRITES_P2:
            written[p2] = WRITES_P2[opcode]
        elif opcode in WRITES_P3:
            written[p3] = WRITES_P3[opcode]
        elif opcode == "Cast":
            written[p1] = CASTS.get(p2, UNKNOWN)
        elif opcode == "AggFinal":
            written[p1] = "BIGINT"
        elif opcode in ("Copy", "SCopy"):
            copies.update({p2 + i: p1 + i for i in range(p3 + 1 if opcode == "Copy" else 1)})
    return tuple(name or traced(first + number, written, copies) for number, name in enumerate(declared))


def traced(register: int, written: dict[int, str], copies: dict[int, int]) -> str:
    """The type of what ends up in a register."""
    for _ in range(len(copies) + 1):
        if register in written:
            return written[register]
        if register not in copies:
            return UNKNOWN
        register = copies[register]
    return UNKNOWN


def tables(connection: apsw.Connection, sql: str) -> set[str]:
    """The names of the tables and views that a statement reads, those inside of views too. Raises apsw.Error.

    SQLite asks the authorizer for each column while it prepares the statement, which is not run. It does not for the
    second of two columns that USING joins, so what the program opens is looked at as well.
    https://sqlite.org/c3ref/set_authorizer.html
    """
    import re

    found: set[str] = set()
    before = connection.authorizer

    def note(action: int, first: str | None, second: str | None, third: str | None, inner: str | None) -> int:
        if action == apsw.SQLITE_READ and first:
            found.add(first)
        return before(action, first, second, third, inner) if before else apsw.SQLITE_OK

    connection.authorizer = note
    try:
        opens = {one for statement in split(sql) for one in opened(connection, statement)}
    finally:
        connection.authorizer = before
    text = " ".join((sql, *definitions(connection, found)))
    for word in set(re.findall(r"\w+", text)) - found:
        try:
            if opens.intersection(opened(connection, f"SELECT 1 FROM `{word}`")):  # noqa: S608 - word characters
                found.add(word)
        except apsw.Error:  # no table, or one that asks for something
            continue
    return found


def opened(connection: apsw.Connection, sql: str) -> set[str]:
    """What tells apart the virtual tables that a statement opens."""
    return {str(row[5]) for row in connection.execute("EXPLAIN " + sql) if row[1] == "VOpen"}


def definitions(connection: apsw.Connection, names: set[str]) -> Iterator[str]:
    """The SQL of those that are views."""
    schema = "SELECT name, sql FROM sqlite_schema UNION ALL SELECT name, sql FROM sqlite_temp_schema"
    for name, sql in connection.execute(schema):
        if name in names:
            yield sql or ""
