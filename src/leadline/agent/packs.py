"""From the ``schedule`` and ``packs`` of a configuration to the queries this machine runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha1
from typing import Any, NamedTuple

from leadline.agent.configuration import Configuration, Problem, truth, whole

LONGEST_INTERVAL = 604_800
RESERVED = re.compile(r"^(query\.|cache\.|config_views\.)|(epoch|counter)$")
"""Names that osquery refuses because its database uses such keys; refused here so that configurations stay portable."""

MAIN = "main"
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


def machine_shard(hostname: str) -> int:
    """Where the machine stands among all, 0 to 100: the first byte of its name's SHA1."""
    return sha1(hostname.encode()).digest()[0] * 100 // 255  # noqa: S324


def schedule(configuration: Configuration, machine: Machine) -> tuple[list[Scheduled], list[Problem]]:
    """The queries that this machine runs, in the order of execution, and what was wrong with others."""
    found: list[Scheduled] = []
    problems: list[Problem] = []
    for name, source, value in queries(configuration, machine, problems):
        made = scheduled(name, value, machine)
        if isinstance(made, Scheduled):
            found.append(made)
        elif made:
            problems.append(Problem(source, 0, made))
    found.sort(key=lambda query: (UNHURRIED if query.priority is None else query.priority, query.name))
    return found, problems


def queries(
    configuration: Configuration, machine: Machine, problems: list[Problem]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(full name, source, members) of every query that its pack lets run here."""
    for source, name, value in configuration.members("schedule"):
        if isinstance(value, dict):
            yield name, source, value
        else:
            problems.append(Problem(source, 0, f"Query {name} should be an object"))
    for source, pack, value in configuration.members("packs"):
        if not isinstance(value, dict) or not isinstance(value.get("queries", {}), dict):
            problems.append(Problem(source, 0, f"Pack {pack} is skipped: only packs inside the configuration are read"))
        elif value.get("discovery"):
            problems.append(Problem(source, 0, f"Pack {pack} is skipped: discovery queries are not evaluated"))
        elif suits(value, machine):
            for name, query in value.get("queries", {}).items():
                if isinstance(query, dict):
                    yield machine.delimiter.join(("pack", pack, name)), source, query
                else:
                    problems.append(Problem(source, 0, f"Query {name} of pack {pack} should be an object"))


def scheduled(name: str, value: dict[str, Any], machine: Machine) -> Scheduled | str | None:
    """The query, a sentence when it is wrong, None when it is not for this machine."""
    sql = value.get("query")
    if not isinstance(sql, str) or not sql.strip():
        return f"Query {name} has no SQL text"
    if RESERVED.search(name):
        return f"Invalid query name: {name}"
    if not suits(value, machine):
        return None
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


def suits(value: dict[str, Any], machine: Machine) -> bool:
    """Whether the platform, version and shard of a query or a pack let it run here."""
    platform = value.get("platform")
    if isinstance(platform, str) and platform not in ("", "null") and not meant(platform, machine.platform):
        return False
    version = value.get("version")
    if isinstance(version, str) and version and numbers(version) > numbers(machine.version):
        return False
    shard = whole(value.get("shard")) or 0
    return not 0 < shard < machine.shard


OWN_WORDS = {"linux": ("linux", "ubuntu", "centos", "posix"), "darwin": ("darwin", "posix"), "windows": ("windows",)}


def meant(platform: str, own: str) -> bool:
    """osquery looks for the platform's words anywhere in the text, so a comma list works."""
    return any(word in platform for word in ("any", "all", *OWN_WORDS.get(own, (own,))))


def numbers(version: str) -> list[int]:
    """The numbers of a dotted version, for comparison; what follows the digits of a part does not count."""
    return [int(match[0]) if (match := re.match(r"\d+", part)) else 0 for part in version.split(".")]
