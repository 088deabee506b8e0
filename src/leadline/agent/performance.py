"""What the runs of each scheduled query cost: osquery_schedule."""

from __future__ import annotations

import resource
from collections.abc import Callable
from time import monotonic

from leadline.linux import usage


class Performance:
    """Sums over the runs of one query and the figures of the last one; times in milliseconds, sizes in bytes."""

    __slots__ = (
        "executions", "last_executed", "last_memory", "last_system", "last_user", "last_wall", "memory", "output",
        "system", "user", "wall",
    )  # fmt: skip

    def __init__(self) -> None:
        self.executions = self.last_executed = self.output = 0
        self.wall = self.user = self.system = self.memory = 0
        self.last_wall = self.last_user = self.last_system = self.last_memory = 0

    def add(self, wall: int, user: int, system: int, memory: int, output: int, now: int) -> None:
        """One more run that ended at ``now``, in seconds since 1970."""
        self.executions += 1
        self.last_executed = now
        self.output += output
        self.wall, self.last_wall = self.wall + wall, wall
        self.user, self.last_user = self.user + user, user
        self.system, self.last_system = self.system + system, system
        self.memory, self.last_memory = self.memory + memory, memory

    def row(self) -> tuple[int, ...]:
        """The columns of osquery_schedule behind the interval; no query is refused yet."""
        return (
            self.executions, self.last_executed, 0, self.output, self.wall // 1000, self.wall, self.last_wall,
            self.user, self.last_user, self.system, self.last_system,
            self.memory // max(1, self.executions), self.last_memory,
        )  # fmt: skip


def measured(performance: Performance, work: Callable[[], int], now: Callable[[], float]) -> int:
    """What ``work`` returns, the length of what it logged; it runs on this thread and is accounted for if it raises."""
    started, memory, before = monotonic(), usage.resident(), resource.getrusage(resource.RUSAGE_THREAD)
    output = 0
    try:
        output = work()
        return output
    finally:
        after = resource.getrusage(resource.RUSAGE_THREAD)
        performance.add(
            int((monotonic() - started) * 1000),
            int((after.ru_utime - before.ru_utime) * 1000),
            int((after.ru_stime - before.ru_stime) * 1000),
            max(0, usage.resident() - memory),
            output,
            int(now()),
        )


UNRUN = Performance()
