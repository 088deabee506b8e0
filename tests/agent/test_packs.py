from __future__ import annotations

import json
from hashlib import sha1
from typing import Any

import pytest

from leadline.agent.configuration import load
from leadline.agent.packs import Machine, machine_shard, schedule

MACHINE = Machine("linux", "5.23.0", 50, 3600, "_")


def read(document: dict[str, Any], machine: Machine = MACHINE) -> tuple[list[str], list[str]]:
    """Names of the scheduled queries and sentences of the problems."""
    found, problems = schedule(load({"f": json.dumps(document)}), machine)
    return [query.name for query in found], [problem.sentence for problem in problems]


def test_queries_of_packs_carry_the_pack_in_their_name() -> None:
    document = {
        "schedule": {"main": {"query": "select 1", "interval": 5}},
        "packs": {"Global": {"queries": {"usb": {"query": "select 1", "interval": "60"}}}},
    }
    assert read(document) == (["main", "pack_Global_usb"], [])
    assert read(document, MACHINE._replace(delimiter="/"))[0] == ["main", "pack/Global/usb"]


def test_fields_have_osquerys_defaults() -> None:
    (query,), _ = schedule(load({"f": '{"schedule": {"q": {"query": "select 1"}}}'}), MACHINE)
    assert query == ("q", "select 1", 3600, False, True, True, None)


def test_startup_priority_then_name_is_the_order() -> None:
    one = {"query": "select 1", "interval": 5}
    names, _ = read(
        {"schedule": {"b": one, "a": one, "z": {**one, "startup_priority": 2}, "y": {**one, "startup_priority": 1}}}
    )
    assert names == ["y", "z", "a", "b"]


@pytest.mark.parametrize("interval", [0, -1, 604801, "x", 1e9])
def test_an_interval_out_of_range_is_a_problem(interval: object) -> None:
    names, problems = read({"schedule": {"q": {"query": "select 1", "interval": interval}, "r": {"query": "select 1"}}})
    assert names == ["r"]
    assert problems == [f"Query has invalid interval: q: {interval}"]


@pytest.mark.parametrize("name", ["query.x", "cache.x", "config_views.x", "my_epoch", "counter"])
def test_names_that_osquerys_database_uses_are_refused(name: str) -> None:
    assert read({"schedule": {name: {"query": "select 1"}}}) == ([], [f"Invalid query name: {name}"])


def test_a_query_without_sql_is_a_problem() -> None:
    assert read({"schedule": {"q": {"interval": 5}, "r": 7}}) == (
        [], ["Query q has no SQL text", "Query r should be an object"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("platform", "runs"),
    [("", True), ("all", True), ("any", True), ("linux", True), ("ubuntu", True), ("darwin,linux", True),
     ("posix", True), ("null", True), ("darwin", False), ("windows", False), ("freebsd", False)],
)  # fmt: skip
def test_the_platform_is_looked_for_anywhere_in_the_text(platform: str, runs: bool) -> None:
    query = {"query": "select 1", "platform": platform}
    assert (read({"schedule": {"q": query}})[0] == ["q"]) == runs
    pack = {"platform": platform, "queries": {"q": {"query": "select 1"}}}
    assert (read({"packs": {"p": pack}})[0] == ["pack_p_q"]) == runs


@pytest.mark.parametrize(
    ("version", "runs"), [("5.0.0", True), ("5.23.0", True), ("5.23.1", False), ("6", False), ("4.10", True)]
)
def test_a_query_may_ask_for_a_version(version: str, runs: bool) -> None:
    assert (read({"schedule": {"q": {"query": "select 1", "version": version}}})[0] == ["q"]) == runs


@pytest.mark.parametrize(("shard", "runs"), [(0, True), (49, False), (50, True), (100, True), ("10", False)])
def test_a_shard_leaves_out_machines_above_it(shard: object, runs: bool) -> None:
    assert (read({"schedule": {"q": {"query": "select 1", "shard": shard}}})[0] == ["q"]) == runs


def test_the_machines_shard_comes_from_its_name() -> None:
    assert machine_shard("vm") == sha1(b"vm").digest()[0] * 100 // 255


def test_mistakes_in_packs_name_the_query_and_its_line() -> None:
    text = """{"packs": {
      "a": {"queries": {"good": {"query": "select 1"},
        "bad": 5,
        "often": {"query": "select 1", "interval": 0}}},
      "b": {"queries": []}}}"""
    queries, problems = schedule(load({"f": text}), MACHINE)
    assert [query.name for query in queries] == ["pack_a_good"]
    assert [str(problem) for problem in problems] == [
        "Query bad of pack a should be an object (f:3)",
        "Query has invalid interval: pack_a_often: 0 (f:4)",
        "Queries of pack b should be an object (f:5)",
    ]


def test_a_pack_that_is_not_active_runs_nothing() -> None:
    text = '{"packs": {"a": {"queries": {"q": {"query": "select 1"}}}, "b": {"queries": {"q": {"query": "select 1"}}}}}'
    configuration = load({"f": text})._replace(inactive=frozenset({("f", "a")}))
    assert [query.name for query in schedule(configuration, MACHINE)[0]] == ["pack_b_q"]


@pytest.mark.parametrize(("pack", "query", "runs"), [(50, 50, True), (49, 100, False), (100, 49, False), (0, 0, True)])
def test_the_shards_of_a_pack_and_its_query_hold_together(pack: int, query: int, runs: bool) -> None:
    document = {"packs": {"p": {"shard": pack, "queries": {"q": {"query": "select 1", "shard": query}}}}}
    assert (read(document)[0] == ["pack_p_q"]) == runs
