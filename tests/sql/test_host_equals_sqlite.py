"""The virtual-table host against real SQLite tables: the same rows, the same queries, the same answers."""

from __future__ import annotations

import random
import re

import apsw
import pytest

from leadline.sql.engine import PLATFORM, Engine
from leadline.sql.errors import SQLError
from leadline.sql.functions import DIGITS
from leadline.sql.schema import ALL, GLOB, LIKE, Column, Query, Table, table

TYPES = ("TEXT", "INTEGER", "BIGINT", "DOUBLE", "BLOB")
TEXTS = (
    "",
    "a",
    "A",
    "ab",
    "aB",
    "b ",
    "b",
    "a%b",
    "é",
    "1",
    "01",
    "1.0",
    " 1",
    "-2",
    "1e1",
    "10",
    "nan",
    "0x1",
    "1_0",
    "a_b",
)
NUMBERS = (0, 1, -1, -2, 10, 42, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))
REALS = (0.0, -0.5, 1.0, 1.5, 10.0, 9007199254740993.0, 1e300)
BLOBS = (b"", b"a", b"1", b"\x00\xff")
QUERIES_A_SCHEMA = 50


def any_value(rng: random.Random) -> object:
    return rng.choice(
        (None, rng.choice(TEXTS), rng.choice(NUMBERS), rng.choice(REALS), rng.choice(BLOBS), rng.randint(0, 4))
    )


def typed_value(rng: random.Random, kind: str) -> object:
    """A value that keeps its declared type, as tables that handle a column promise."""
    if rng.random() < 0.1:
        return None
    if kind == "TEXT":
        return rng.choice(TEXTS)
    if kind == "BLOB":
        return rng.choice(BLOBS)
    return rng.choice(REALS) if kind == "DOUBLE" else rng.choice((*NUMBERS, 0, 1, 2, 3, 4))


def like(pattern: str, value: str) -> bool:
    expression = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, value, re.IGNORECASE | re.ASCII | re.DOTALL) is not None


def holds(operator: str, wanted: object, value: object) -> bool:
    """Whether a typed value satisfies a pushed constraint: what a conscientious table would test."""
    if value is None:
        return False
    if operator == "=":
        return value in wanted
    if operator == LIKE:
        return like(wanted, value)
    if operator == GLOB:
        return True
    return {"<": value < wanted, "<=": value <= wanted, ">": value > wanted, ">=": value >= wanted}[operator]


def kept(column: Column, operator: str, wanted: object, value: object) -> bool:
    """The same for one of a column's values: what is declared nocase is compared so."""
    if column.collate == "nocase" and operator == "=":
        value = folded(value)
        wanted = tuple(folded(one) for one in wanted)
    return holds(operator, wanted, value)


def folded(value: object) -> object:
    return value.encode().lower() if isinstance(value, str) else value


def build(rng: random.Random, name: str) -> tuple[Table, str, list[tuple]]:
    """A random table: its declaration for us, for SQLite, and its rows."""
    columns = []
    for number in range(rng.randint(1, 5)):
        options = rng.choice(({}, {}, {"index": True}, {"additional": True}, {"index": True, "optimized": True}))
        collate = rng.choice((None, None, None, "nocase", "rtrim"))
        hidden = not collate and rng.random() < 0.1
        columns.append(Column(f"c{number}", rng.choice(TYPES), "A column.", collate=collate, hidden=hidden, **options))
    definition = ", ".join(f"{c.name} {c.type}" + (f" COLLATE {c.collate}" if c.collate else "") for c in columns)
    scratch = apsw.Connection(":memory:")
    scratch.execute(f"CREATE TABLE {name}({definition})")
    for _ in range(rng.choice((0, 1, 3, 12, 30))):
        row = [typed_value(rng, c.type) if c.pushed else any_value(rng) for c in columns]
        scratch.execute(f"INSERT INTO {name} VALUES ({','.join('?' * len(row))})", row)
    rows = [tuple(row) for row in scratch.execute(f"SELECT * FROM {name}")]
    obedient = rng.random() < 0.6

    @table(name, *columns, platforms=ALL)
    def generator(query: Query):
        """A table."""
        places = {column.name: number for number, column in enumerate(columns)}
        for row in rows:
            constraints = [(places[key], *one) for key, many in query.constraints.items() for one in many]
            if obedient and not all(
                kept(columns[place], operator, wanted, row[place]) for place, operator, wanted in constraints
            ):
                continue
            yield tuple(v if query.uses(c.name) else None for c, v in zip(columns, row, strict=True))

    return generator, definition, rows


def literal(rng: random.Random) -> str:
    value = any_value(rng)
    return str(apsw.format_sql_value(value))


class Writer:
    """Writes random statements over some tables."""

    def __init__(self, rng: random.Random, tables: list[Table]) -> None:
        self.rng = rng
        self.tables = tables

    def column(self, names: list[tuple[str, Table]]) -> str:
        name, chosen = self.rng.choice(names)
        return f"{name}.{self.rng.choice(chosen.columns).name}"

    def operand(self, names: list[tuple[str, Table]]) -> str:
        return literal(self.rng) if self.rng.random() < 0.6 else self.column(names)

    def condition(self, names: list[tuple[str, Table]], depth: int = 2) -> str:
        rng = self.rng
        column = self.column(names)
        if rng.random() < 0.1:  # two scans of one table, whose rows must not come twice
            name, chosen = rng.choice(names)
            return " OR ".join(f"{name}.{rng.choice(chosen.columns).name} = {literal(rng)}" for _ in range(2))
        kind = rng.randint(0, 14 if depth else 9)
        if kind <= 3:
            return f"{column} = {self.operand(names)}"
        if kind == 4:
            return f"{column} {rng.choice(('<', '<=', '>', '>=', '<>', 'IS', 'IS NOT'))} {self.operand(names)}"
        if kind == 5:
            return f"{column} IN ({', '.join(literal(rng) for _ in range(rng.randint(0, 4)))})"
        if kind == 6:
            return f"{column} LIKE {rng.choice(('NULL', repr('a%'), repr('%b'), repr('%'), repr('1_'), repr('A%')))}"
        if kind == 7:
            return f"{column} GLOB {rng.choice((repr('a*'), repr('*b'), repr('?'), repr('[ab]*')))}"
        if kind == 8:
            return f"{column} BETWEEN {self.operand(names)} AND {self.operand(names)}"
        if kind == 9:
            return f"{column} = {self.operand(names)} COLLATE {rng.choice(('BINARY', 'NOCASE', 'RTRIM'))}"
        if kind == 10:
            inner = rng.choice(self.tables)
            return f"{column} IN (SELECT {rng.choice(inner.columns).name} FROM {inner.name})"
        if kind == 11:
            inner = rng.choice(self.tables)
            return f"EXISTS (SELECT 1 FROM {inner.name} z WHERE {self.condition([*names, ('z', inner)], depth - 1)})"
        joined = rng.choice((" AND ", " OR "))
        parts = [self.condition(names, depth - 1) for _ in range(2)]
        text = f"({joined.join(parts)})"
        return f"NOT {text}" if kind == 14 else text

    def statement(self) -> str:
        rng = self.rng
        names = [("t0", rng.choice(self.tables))]
        source = f"{names[0][1].name} t0"
        for number in range(1, rng.choice((1, 1, 2, 2, 3))):
            names.append((f"t{number}", rng.choice(self.tables)))
            kind = rng.choice(("JOIN", "JOIN", "LEFT JOIN", "CROSS JOIN"))
            if rng.random() < 0.7:
                joined = f"{self.column(names[-1:])} = {self.column(names[:-1])}"
                extra = f" AND {self.condition(names, 0)}" if rng.random() < 0.3 else ""
                on = f" ON {joined}{extra}"
            else:
                on = f" ON {self.condition(names, 1)}"
            source += f" {kind} {names[-1][1].name} {names[-1][0]}{on}"
        where = f" WHERE {self.condition(names)}" if rng.random() < 0.8 else ""
        shape = rng.random()
        if shape < 0.15:
            return f"SELECT count(*) FROM {source}{where}"
        columns = [self.column(names) for _ in range(rng.randint(1, 4))]
        if shape < 0.25:
            return f"SELECT {columns[0]} COLLATE BINARY, count(*) FROM {source}{where} GROUP BY 1"
        distinct = "DISTINCT " if shape < 0.4 else ""
        if distinct:
            columns = [f"{column} COLLATE BINARY" for column in columns]
        order = limit = ""
        if rng.random() < 0.4 and not distinct:
            order = " ORDER BY " + ", ".join(f"typeof({c}), {c} COLLATE BINARY" for c in columns)
            limit = f" LIMIT {rng.randint(0, 5)}" + (f" OFFSET {rng.randint(0, 3)}" if rng.random() < 0.3 else "")
        return f"SELECT {distinct}{', '.join(columns)} FROM {source}{where}{order}{limit}"


@pytest.mark.parametrize("block", range(20))
def test_a_random_query_answers_as_on_real_tables(block: int) -> None:
    """20 blocks of 20 schemas of 50 queries: 20,000 queries."""
    for seed in range(block * 20, block * 20 + 20):
        rng = random.Random(seed)
        real = apsw.Connection(":memory:")
        real.config(apsw.SQLITE_DBCONFIG_FP_DIGITS, DIGITS)
        hosted = []
        for number in range(rng.randint(1, 3)):
            declared, definition, rows = build(rng, f"r{number}")
            hosted.append(declared)
            real.execute(f"CREATE TABLE {declared.name}({definition})")
            for row in rows:
                real.execute(f"INSERT INTO {declared.name} VALUES ({','.join('?' * len(row))})", row)
        engine = Engine(tables={}, aliases={}, extra=tuple(hosted), platform=PLATFORM)
        writer = Writer(rng, hosted)
        for _ in range(QUERIES_A_SCHEMA):
            sql = writer.statement()
            expected = sorted(map(repr, real.execute(sql)))
            try:
                found = sorted(map(repr, engine.query(sql)))
            except SQLError as error:
                pytest.fail(f"seed {seed}: {sql}\n{error.message}")
            assert found == expected, f"seed {seed}: {sql}"
        engine.close()
        real.close()
