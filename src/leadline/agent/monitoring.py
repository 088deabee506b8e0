"""Numeric monitoring: figures of the agent itself, appended to a file (``enable_numeric_monitoring``)."""

from __future__ import annotations

import logging
import os
import resource
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Event, Thread
from time import time

from leadline.agent.trimming import resident
from leadline.flags import Flags

log = logging.getLogger(__name__)

SHORTEST = 1.0
"""Seconds between two rounds even when measures are not to be merged."""

MEASURES = (
    (3, "executions"),
    (6, "output.bytes"),
    (8, "time.wall.millis"),
    (10, "time.user.millis"),
    (12, "time.system.millis"),
)
"""Columns of osquery_schedule that are sums, by position, and what the measures of a query are called."""


class Monitoring(Thread):
    """Every ``numeric_monitoring_pre_aggregation_time`` seconds a line for each figure, ``PATH<TAB>VALUE<TAB>TIME``.

    What a query took is told for the runs since the last round; a query that has not run has no lines.
    """

    def __init__(
        self, flags: Flags, schedule: Callable[[], Iterable[Sequence[object]]], waiting: Callable[[], int],
        stopping: Event, clock: Callable[[], float] = time,
    ) -> None:  # fmt: skip
        super().__init__(name="numeric monitoring", daemon=True)
        self.flags = flags
        self.schedule = schedule
        self.waiting = waiting
        self.stopping = stopping
        self.clock = clock
        self.before: dict[str, list[int]] = {}
        self.failed = False

    def run(self) -> None:
        """Write until told to stop."""
        while not self.stopping.wait(max(SHORTEST, self.flags.real("numeric_monitoring_pre_aggregation_time"))):
            try:
                if self.flags.on("enable_numeric_monitoring"):
                    self.write()
                self.failed = False
            except Exception as error:
                if not self.failed:
                    log.exception("Numeric monitoring failed: %s", error)
                self.failed = True

    def write(self) -> None:
        """One round."""
        now = int(self.clock())
        lines = "".join(f"{path}\t{value}\t{now}\n" for path, value in self.figures())
        path = self.flags.text("numeric_monitoring_filesystem_path")
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            os.write(descriptor, lines.encode("utf-8", "backslashreplace"))
        finally:
            os.close(descriptor)

    def figures(self) -> Iterator[tuple[str, int]]:
        """The figures of this round by path."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        yield "agent.time.user.millis", int(used.ru_utime * 1000)
        yield "agent.time.system.millis", int(used.ru_stime * 1000)
        yield "agent.rss.bytes", resident()
        yield "agent.logger.waiting.lines", self.waiting()
        after: dict[str, list[int]] = {}
        for row in self.schedule():
            sums = [int(str(row[position])) for position, _ in MEASURES]
            name = str(row[0])
            after[name] = sums
            before = self.before.get(name, [0] * len(sums))
            before = before if before[0] <= sums[0] else [0] * len(sums)  # its SQL has changed: counted anew
            if sums[0] > before[0]:
                for (_, word), total, then in zip(MEASURES, sums, before, strict=True):
                    yield f"scheduler.query.{name}.{word}", total - then
        self.before = after
