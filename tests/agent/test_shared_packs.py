"""Packs that others wrote: they load as they are, and what they mean for Linux runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from leadline.agent.configuration import EMPTY, load
from leadline.agent.packs import Machine, schedule
from leadline.catalogue.index import ALIASES, TABLES
from leadline.configuration import packs
from leadline.plugins.kinds import PackText
from leadline.sql.engine import Engine

PACKS = Path(__file__).with_name("packs")
NAMES = sorted(path.stem for path in PACKS.glob("*.conf"))


def fetch(name: str, value: str) -> Sequence[PackText]:
    return [PackText(*pack) for pack in packs.read(name, value)]


@pytest.mark.parametrize("name", NAMES)
def test_every_linux_query_of_a_pack_runs(name: str) -> None:
    configuration = load({"f": f'{{"packs": {{"{name}": "{PACKS}/{name}.conf"}}}}'}, EMPTY, fetch)
    queries, problems = schedule(configuration, Machine("linux", "5.23.0", 0, 3600, "_"))
    assert configuration.problems == ()
    assert problems == []
    assert queries
    with Engine(tables=TABLES, aliases=ALIASES, strict=True) as engine:
        for query in queries:
            for row in engine.query(query.sql):
                assert row


def test_a_pattern_loads_them_all_under_the_names_of_their_files() -> None:
    configuration = load({"f": f'{{"packs": {{"*": "{PACKS}/%.conf"}}}}'}, EMPTY, fetch)
    assert [pack.name for pack in configuration.packs] == NAMES
    queries, _ = schedule(configuration, Machine("linux", "5.23.0", 0, 3600, "_"))
    found = {query.name: query for query in queries}
    assert "pack_incident-response_recent_items" not in found
    assert found["pack_osquery-monitoring_schedule"].denylist is False
    assert found["pack_continued_logins"].sql.endswith("or         shell like '%/sh';")
