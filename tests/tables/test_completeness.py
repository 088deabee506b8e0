"""No table is without what users and the next developer need: a test, a page, an example, its lines in schema.lock."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from leadline.catalogue import conformance
from leadline.catalogue.index import ALIASES, TABLES
from leadline.sql.schema import LINUX, Table

REPOSITORY = Path(__file__).parents[2]
LOCK = (REPOSITORY / "schema.lock").read_text().splitlines()
ASKED = {
    folder.name: "\n".join(path.read_text() for path in sorted(folder.glob("test_*.py")))
    for folder in Path(__file__).parent.iterdir()
    if folder.is_dir()
}


def declared(name: str) -> Table:
    table = getattr(import_module(TABLES[name]), name)
    assert isinstance(table, Table)
    return table


def test_every_table_that_osquery_has_on_linux_is_here() -> None:
    assert sorted(set(conformance.osquery()) - set(TABLES)) == []
    assert len(conformance.osquery()) == 156


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_asked_by_a_test_of_its_subject(name: str) -> None:
    subject = TABLES[name].split(".")[2]
    assert re.search(rf"\b{name}\b", ASKED.get(subject, "")), f"no test in tests/tables/{subject} names {name}"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_where_its_rows_come_from_and_shows_an_example(name: str) -> None:
    table = declared(name)
    assert table.notes.endswith(".")
    assert any(re.search(rf"\b({name}|{'|'.join(table.aliases) or name})\b", example) for example in table.examples)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_a_page_with_its_purpose_columns_notes_and_examples(name: str) -> None:
    table = declared(name)
    page = (REPOSITORY / "docs" / "tables" / f"{name}.md").read_text()
    assert " ".join(table.description.split()) in page
    assert " ".join(table.notes.split()) in page
    for column in table.columns:
        assert f"| `{column.name}`" in page
    for example in table.examples:
        assert example.rstrip(";") in page


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_locked_column_by_column(name: str) -> None:
    table = declared(name)
    start = next(number for number, line in enumerate(LOCK) if line.split(" ")[0] == name)
    lines = LOCK[start + 1 : start + 1 + len(table.columns)]
    assert [line.split()[:2] for line in lines] == [[column.name, column.type] for column in table.columns]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_linux_has_a_generator_there(name: str) -> None:
    assert declared(name).platforms & LINUX
    assert LINUX in declared(name).generators


def test_aliases_are_those_of_tables() -> None:
    assert {alias: name for name in TABLES for alias in declared(name).aliases} == ALIASES
