"""The seconds of the scheduler.

A counter, as osquery has it: it starts at the Unix time and grows by one a second, so it follows the clock only while
the machine is awake. It makes up for being late by up to ``schedule_max_drift`` seconds. Or the clock itself
(``schedule_wall_clock``): then seconds may be left out, and what was due in them is due once.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import monotonic

from leadline.flags import Flags

SOONEST = 0.05
"""Shortest wait in seconds for the clock's next one."""


class Ticks:
    """``second`` is the current one, ``before`` the one that was looked at last."""

    def __init__(self, flags: Flags, clock: Callable[[], float], stopping: Event) -> None:
        self.flags = flags
        self.clock = clock
        self.stopping = stopping
        self.second = int(clock())
        self.before = self.second - 1
        self.began = monotonic()
        self.drift = 0.0

    def crossed(self, period: int, before: int | None = None) -> bool:
        """Whether a multiple of the period has come since the last look, or since another second before."""
        return self.second // period > (self.before if before is None else before) // period

    def next(self) -> None:
        """Wait for the next second."""
        self.before = self.second
        if self.flags.on("schedule_wall_clock"):
            self.stopping.wait(max(SOONEST, 1.0 - self.clock() % 1.0))
            self.second = int(self.clock())
        else:
            behind = monotonic() - self.began + self.drift - 1.0
            self.drift = 0.0
            if behind < 0:
                self.stopping.wait(-behind)
            elif behind <= self.flags.number("schedule_max_drift"):
                self.drift = behind
            self.second += 1
        self.began = monotonic()
