"""Discovery queries: a pack that has some runs only where each of them returns a row."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from leadline.agent.configuration import Pack, Problem
from leadline.sql.errors import SQLError

log = logging.getLogger(__name__)

Ask = Callable[[str], bool]
"""Whether SQL returns a row. Raises SQLError."""


class Verdict:
    """What the discovery of one pack last said, since when (seconds since 1970), and how often it was used."""

    __slots__ = ("active", "executions", "hits", "queries", "since")

    def __init__(self, queries: tuple[str, ...]) -> None:
        self.queries = queries
        self.active = False
        self.since = 0.0
        self.hits = self.executions = 0


def queries(pack: Pack) -> tuple[str, ...]:
    """The discovery queries of a pack."""
    listed = pack.value.get("discovery")
    return tuple(sql for sql in listed if isinstance(sql, str)) if isinstance(listed, list) else ()


def problems(pack: Pack, complain: Callable[[str, tuple[str | int, ...], str], Problem]) -> list[Problem]:
    """What is wrong with how a pack writes its discovery queries."""
    listed = pack.value.get("discovery")
    path = (*pack.path, "discovery")
    if listed is None:
        return []
    if not isinstance(listed, list):
        return [complain(pack.place, path, f"The discovery of pack {pack.name} should be an array of strings")]
    return [
        complain(pack.place, (*path, number), f"A discovery query of pack {pack.name} is no string")
        for number, sql in enumerate(listed)
        if not isinstance(sql, str)
    ]


class Discovery:
    """The verdicts, by pack. One thread evaluates; any may read."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.verdicts: dict[tuple[str, str], Verdict] = {}

    def keep(self, packs: Iterable[Pack]) -> None:
        """Forget the packs that are not among these; one whose discovery has changed begins anew.

        One that has no queries is active at once.
        """
        kept: dict[tuple[str, str], Verdict] = {}
        for pack in packs:
            asked = queries(pack)
            known = self.verdicts.get(pack.key)
            kept[pack.key] = known if known is not None and known.queries == asked else Verdict(asked)
        new = [key for key, verdict in kept.items() if not verdict.queries and not verdict.executions]
        self.verdicts = kept
        for key in new:
            self.evaluate(key, bool)

    def due(self, interval: float) -> list[tuple[str, str]]:
        """The packs whose verdict is missing or older than ``interval`` seconds, also by a clock that went back."""
        now = self.clock()
        return [
            key
            for key, verdict in self.verdicts.items()
            if not verdict.executions or not verdict.since <= now < verdict.since + interval
        ]

    def evaluate(self, key: tuple[str, str], ask: Ask) -> bool:
        """Run the queries of a pack as far as they return rows; whether the verdict is another one than before."""
        verdict = self.verdicts[key]
        before = verdict.active
        verdict.since = self.clock()
        active = True
        for sql in verdict.queries:
            try:
                active = ask(sql)
            except SQLError as error:
                log.warning("Discovery query of pack %s failed: %s: %s", key[1], error.message, sql)
                active = False
            if not active:
                break
        verdict.active = active
        verdict.executions += 1
        return active != before

    def used(self) -> None:
        """The verdicts have been relied on once more."""
        for verdict in self.verdicts.values():
            verdict.hits += 1

    def wait(self, interval: float) -> float | None:
        """Seconds until a pack with discovery queries has to be evaluated again; None when there is none."""
        now = self.clock()
        ends = [verdict.since + interval - now for verdict in self.verdicts.values() if verdict.queries]
        return max(0.0, min(ends)) if ends else None
