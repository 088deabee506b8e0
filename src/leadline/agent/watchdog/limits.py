"""How much a watched process may use, and whether it uses more (osquery.md 8.2)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.agent.watchdog.measure import Usage
    from leadline.flags import Flags

INTERVAL = 3.0
"""Seconds between checks."""

LEVELS = {
    0: (200, 10, 12, 4, 5),
    1: (100, 5, 6, 4, 5),
    -1: (10_000, 100, 1_000, 1_000, 1),
}
"""Level → MB of memory, percent of all processors, seconds of that, seconds and number of quick starts, pause."""


class Limits:
    """``memory`` in bytes, ``percent`` of all processors for ``sustained`` seconds.

    A worker that ends within ``quick`` seconds of its start is started again after at least ``pause`` seconds, no more
    than ``quick`` times.
    """

    __slots__ = ("memory", "pause", "percent", "quick", "sustained")

    def __init__(self, flags: Flags) -> None:
        memory, percent, sustained, self.quick, self.pause = LEVELS.get(flags.number("watchdog_level"), LEVELS[0])
        self.memory = (flags.number("watchdog_memory_limit") or memory) << 20
        self.percent = min(100, flags.number("watchdog_utilization_limit") or percent)
        self.sustained = flags.number("watchdog_latency_limit") or sustained


class Judge:
    """Follows one process: told what it uses every now and then, says when that is too much."""

    __slots__ = ("before", "first", "last", "limits", "strikes")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.first: Usage | None = None
        self.before: Usage | None = None
        self.strikes = 0
        self.last = ""
        """The last measures in words."""

    def judge(self, usage: Usage, cores: float) -> str:
        """The limit that is exceeded and by how much, empty when none is."""
        if self.first is None or self.before is None:
            self.first = self.before = usage
            return ""
        seconds = usage.time - self.before.time
        spent = usage.cpu - self.before.cpu
        allowed = self.limits.percent / 100 * seconds * cores
        grown = max(0, usage.resident - self.first.resident)
        self.before = usage
        self.strikes = self.strikes + 1 if spent > allowed else 0
        self.last = (
            f"cpu: {spent * 1000:.0f}ms/{allowed * 1000:.0f}ms,"
            f" memory: {grown / (1 << 20):.2f}MB/{self.limits.memory >> 20}MB"
        )
        if self.strikes and self.strikes * INTERVAL >= self.limits.sustained:
            return (
                f"Maximum sustainable CPU utilization limit {allowed * 1000:.0f}ms exceeded for"
                f" {self.strikes * INTERVAL:.0f} seconds ({spent * 1000:.0f}ms used in the last {seconds:.1f} s, the"
                f" limit is {self.limits.percent}% of {cores:g} cores)"
            )
        if grown > self.limits.memory:
            return f"Memory limits exceeded: {grown} bytes (limit is {self.limits.memory >> 20}MB)"
        return ""
