"""Every table that osquery has on Linux is ours too, column by column."""

from __future__ import annotations

from importlib import import_module

import pytest

from leadline.catalogue import conformance
from leadline.catalogue.index import TABLES
from leadline.sql.schema import LINUX, Table

OSQUERY = conformance.osquery()


def declared(name: str) -> Table:
    table = getattr(import_module(TABLES[name]), name)
    assert isinstance(table, Table)
    return table


@pytest.mark.parametrize("name", sorted(set(OSQUERY) & set(TABLES)))
def test_columns_options_and_aliases_are_those_of_osquery(name: str) -> None:
    assert conformance.lines(declared(name), LINUX) == OSQUERY[name]


@pytest.mark.parametrize("name", sorted(set(TABLES) - set(OSQUERY)))
def test_tables_that_osquery_lacks_are_marked_as_ours(name: str) -> None:
    assert "ours" in declared(name).attributes
