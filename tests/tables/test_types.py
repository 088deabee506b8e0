"""Every table keeps to its own declaration, on this machine and on a captured one."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from leadline.catalogue.index import ALIASES, TABLES
from leadline.sql.engine import PLATFORM, Engine
from leadline.sql.schema import BIGINT, BLOB, DOUBLE, INTEGER, TEXT, UNSIGNED_BIGINT, Query, Table

CAPTURED = str(Path(__file__).parents[1] / "roots" / "debian12")
TYPES = {TEXT: str, INTEGER: int, BIGINT: int, UNSIGNED_BIGINT: int, DOUBLE: float, BLOB: bytes}
ROWS = 20_000
HEAVY = ("typing", "json", "re", "dataclasses", "enum", "logging", "pathlib", "ctypes", "socket", "argparse", "asyncio")


def declared(name: str) -> Table:
    table = getattr(import_module(TABLES[name]), name)
    assert isinstance(table, Table)
    return table


def check(name: str, root: str) -> None:
    """Read a table, at most its first ROWS rows, and hold each value against its column."""
    types = {column.name: column.type for column in declared(name).columns}
    with Engine(tables=TABLES, aliases=ALIASES, root=root) as engine:
        result = engine.query(f"SELECT * FROM {name} LIMIT {ROWS}")
        for row in result:
            for column, value in zip(result.columns, row, strict=True):
                assert value is None or type(value) is TYPES[types[column]], (column, value)


def needs_a_constraint(name: str) -> bool:
    return any(column.required for column in declared(name).columns)


# The others have no rows unless constrained: their examples are run below, their own tests check the values.
FREE = [name for name in TABLES if PLATFORM in declared(name).generators and not needs_a_constraint(name)]


@pytest.mark.parametrize("name", FREE)
def test_values_have_the_declared_type_on_this_machine(name: str) -> None:
    check(name, "")


@pytest.mark.parametrize("name", FREE)
def test_values_have_the_declared_type_on_a_captured_root(name: str) -> None:
    check(name, CAPTURED)


@pytest.mark.parametrize("name", FREE)
def test_rows_are_no_wider_than_the_columns_of_this_platform(name: str) -> None:
    table = declared(name)
    own = [column for column in table.columns if column.platforms & PLATFORM]
    for number, row in enumerate(table.generators[PLATFORM](Query(table))):
        assert len(row) <= len(own)
        for column, value in zip(own, row, strict=False):
            assert value is None or type(value) is TYPES[column.type], (name, column.name, value)
        if number == 200:
            break


@pytest.mark.parametrize("name", TABLES)
def test_examples_run(name: str) -> None:
    table = declared(name)
    assert table.examples
    with Engine(tables=TABLES, aliases=ALIASES) as engine:
        for example in table.examples:
            result = engine.query(example)
            for number, _ in enumerate(result):
                if number == 1000:
                    break
            assert result.columns


@pytest.mark.parametrize("name", TABLES)
def test_tables_and_columns_are_described(name: str) -> None:
    table = declared(name)
    assert table.name == name
    assert table.description.endswith(".")
    for column in table.columns:
        assert column.description.endswith("."), column.name


@pytest.mark.parametrize("name", TABLES)
def test_importing_a_table_is_cheap(name: str) -> None:
    program = f"import {TABLES[name]}, sys; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {program}"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.strip() == ""
