"""From the ``schedule`` and ``packs`` of a configuration to the queries this machine runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from leadline.agent.configuration import Configuration, Pack, Problem, truth, whole
from leadline.configuration.document import Path
from leadline.configuration.packs import machine_shard, suits

__all__ = ["Machine", "Scheduled", "machine_shard", "schedule", "suited"]

LONGEST_INTERVAL = 604_800
RESERVED = re.compile(r"^(query\.|cache\.|config_views\.)|(epoch|counter)$")
"""Names that osquery refuses because its database uses such keys; refused here so that configurations stay portable."""

UNHURRIED = 1 << 31  # the startup_priority of queries that have none: they come last


class Machine(NamedTuple):
    """What decides which queries are for this machine; ``shard`` in percent, see :func:`machine_shard`."""

    platform: str
    version: str
    shard: int
    default_interval: int
    delimiter: str


class Scheduled(NamedTuple):
    """A query of the schedule under its full name."""

    name: str
    sql: str
    interval: int
    snapshot: bool
    removed: bool
    denylist: bool
    priority: int | None


class Candidate(NamedTuple):
    """A query of the configuration, and where it is."""

    name: str
    place: str
    path: Path
    value: Any
    label: str


def suited(pack: Pack, machine: Machine) -> bool:
    """Whether platform, version and shard of a pack let it run here; its discovery may not."""
    return suits(pack.value, machine.platform, machine.version, machine.shard)


def schedule(configuration: Configuration, machine: Machine) -> tuple[list[Scheduled], list[Problem]]:
    """The queries that this machine runs, in the order of execution, and what was wrong with others."""
    found: list[Scheduled] = []
    problems: list[Problem] = []
    for candidate in candidates(configuration, machine):
        if not isinstance(candidate.value, dict):
            made: Scheduled | str | None = f"{candidate.label} should be an object"
        else:
            made = scheduled(candidate.name, candidate.value, machine)
        if isinstance(made, Scheduled):
            found.append(made)
        elif made:
            problems.append(configuration.problem(candidate.place, candidate.path, made))
    found.sort(key=lambda query: (UNHURRIED if query.priority is None else query.priority, query.name))
    return found, problems


def candidates(configuration: Configuration, machine: Machine) -> Iterator[Candidate]:
    """Every query that its pack lets run here."""
    for member in configuration.members("schedule"):
        yield Candidate(member.name, member.part.place, member.path, member.value, f"Query {member.name}")
    for pack in configuration.packs:
        if pack.key in configuration.inactive or not suited(pack, machine):
            continue
        queries = pack.value.get("queries", {})
        if not isinstance(queries, dict):
            path: Path = (*pack.path, "queries")
            yield Candidate(pack.name, pack.place, path, None, f"Queries of pack {pack.name}")
            continue
        for name, query in queries.items():
            full = machine.delimiter.join(("pack", pack.name, name))
            label = f"Query {name} of pack {pack.name}"
            yield Candidate(full, pack.place, (*pack.path, "queries", name), query, label)


def scheduled(name: str, value: dict[str, Any], machine: Machine) -> Scheduled | str | None:
    """The query, a sentence when it is wrong, None when it is not for this machine."""
    if not suits(value, machine.platform, machine.version, machine.shard):
        return None
    sql = value.get("query")
    if not isinstance(sql, str) or not sql.strip():
        return f"Query {name} has no SQL text"
    if RESERVED.search(name):
        return f"Invalid query name: {name}"
    asked = value.get("interval")
    interval = machine.default_interval if asked is None else whole(asked)
    if interval is None or not 1 <= interval <= LONGEST_INTERVAL:
        return f"Query has invalid interval: {name}: {asked}"
    return Scheduled(
        name,
        sql,
        interval,
        snapshot=truth(value.get("snapshot"), False),
        removed=truth(value.get("removed"), True),
        denylist=truth(value.get("denylist"), True),
        priority=whole(value.get("startup_priority")),
    )
