"""What the runs of each scheduled query cost: osquery_schedule.

Kept in the state as osquery keeps it, in the domain ``query_performance`` as a list of numbers for each query
(osquery/core/sql/query_performance.h), with a mark of the SQL text behind them: a query with another text begins anew.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from hashlib import blake2b
from time import monotonic
from typing import NamedTuple, Self

from leadline.agent.state import State
from leadline.linux import usage

DOMAIN = "query_performance"


class Cost(NamedTuple):
    """What one run took: microseconds, and bytes by which the memory grew, None when that cannot be told."""

    wall: int = 0
    user: int = 0
    system: int = 0
    memory: int | None = None


class Meter:
    """Measures what happens inside of it on this thread; ``cost`` is known afterwards.

    The memory is the whole process's, as ``resident()`` tells it in bytes: nobody can tell who took it while others
    were at work.
    """

    cost: Cost | None = None

    def __init__(self, resident: Callable[[], int] = usage.resident) -> None:
        self.resident = resident

    def __enter__(self) -> Self:
        self.memory = self.resident()
        self.before = resource.getrusage(resource.RUSAGE_THREAD)
        self.started = monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        wall = monotonic() - self.started
        after = resource.getrusage(resource.RUSAGE_THREAD)
        self.cost = Cost(
            int(wall * 1e6),
            int((after.ru_utime - self.before.ru_utime) * 1e6),
            int((after.ru_stime - self.before.ru_stime) * 1e6),
            self.resident() - self.memory,
        )


class Performance:
    """Sums over the runs of one query and the figures of the last one; times in microseconds, sizes in bytes."""

    __slots__ = (
        "average_memory", "executions", "last", "last_executed", "last_memory", "output", "system", "user", "wall",
    )  # fmt: skip

    def __init__(self) -> None:
        self.executions = self.last_executed = self.output = 0
        self.wall = self.user = self.system = 0
        self.last = Cost()
        self.average_memory = self.last_memory = 0

    def add(self, cost: Cost, output: int, now: int) -> None:
        """One more run that ended at ``now``, in seconds since 1970; ``output`` bytes of rows were returned.

        As in osquery only a run in which memory grew says something about memory.
        """
        if cost.memory is not None and cost.memory > 0:
            self.average_memory = (self.average_memory * self.executions + cost.memory) // (self.executions + 1)
            self.last_memory = cost.memory
        self.executions += 1
        self.last_executed = now
        self.output += output
        self.wall += cost.wall
        self.user += cost.user
        self.system += cost.system
        self.last = cost

    def figures(self) -> tuple[int, ...]:
        """osquery's twelve, in its order; times in milliseconds, but the third in seconds."""
        return (
            self.executions, self.last_executed,
            self.wall // 1_000_000, self.wall // 1000, self.last.wall // 1000,
            self.user // 1000, self.last.user // 1000, self.system // 1000, self.last.system // 1000,
            self.average_memory, self.last_memory, self.output,
        )  # fmt: skip

    def row(self, *, denylisted: bool = False) -> tuple[int, ...]:
        """The columns of osquery_schedule behind the interval."""
        executions, executed, *times, average, last, output = self.figures()
        return executions, executed, int(denylisted), output, *times, average, last


def mark(sql: str) -> str:
    """What tells one SQL text from another."""
    return blake2b(sql.encode("utf-8", "replace"), digest_size=8).hexdigest()


def load(state: State, name: str, sql: str) -> Performance:
    """What is known of a query; nothing when its text was another one, or what was written cannot be read."""
    performance = Performance()
    fields = (state.get(DOMAIN, name) or "").split(",")
    if len(fields) != 13 or fields[12] != mark(sql) or not all(field.isdigit() for field in fields[:12]):
        return performance
    executions, executed, _, wall, last_wall, user, last_user, system, last_system, average, memory, output = map(
        int, fields[:12]
    )
    performance.executions, performance.last_executed, performance.output = executions, executed, output
    performance.wall, performance.user, performance.system = wall * 1000, user * 1000, system * 1000
    performance.last = Cost(last_wall * 1000, last_user * 1000, last_system * 1000)
    performance.average_memory, performance.last_memory = average, memory
    return performance


def save(state: State, name: str, sql: str, performance: Performance) -> None:
    """Keep what is known of a query."""
    state.put(DOMAIN, name, ",".join(map(str, performance.figures())) + "," + mark(sql))


def forget(state: State, scheduled: set[str]) -> None:
    """Drop what is known of queries that have left the schedule."""
    with state.transaction():
        for name, _ in state.items(DOMAIN):
            if name not in scheduled:
                state.remove(DOMAIN, name)
