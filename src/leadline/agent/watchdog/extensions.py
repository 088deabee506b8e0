"""The same limits for extensions that the agent started: ``enable_extensions_watchdog``."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterable
from threading import Event, Thread
from time import monotonic
from typing import Protocol

from leadline.agent.watchdog.limits import INTERVAL, Judge, Limits
from leadline.agent.watchdog.measure import usage
from leadline.flags import Flags
from leadline.linux.cpulimit import cores

log = logging.getLogger(__name__)


class Watched(Protocol):
    """A program that is started again whenever it ends; ``pid`` is 0 while it does not run."""

    path: str
    pid: int

    def signal(self, number: int) -> None:
        """Send a signal to it."""


class ExtensionsWatchdog(Thread):
    """Measures the extensions every three seconds, and ends one that uses too much; then it is started again."""

    def __init__(self, flags: Flags, watched: Callable[[], Iterable[Watched]], stopping: Event) -> None:
        super().__init__(name="extensions watchdog", daemon=True)
        self.flags = flags
        self.limits = Limits(flags)
        self.watched = watched
        self.stopping = stopping
        self.began = monotonic()
        self.judges: dict[int, Judge] = {}
        self.ending: dict[int, float] = {}  # process → when it is killed

    def run(self) -> None:
        """Check until told to stop."""
        while not self.stopping.wait(INTERVAL):
            try:
                self.round(list(self.watched()))
            except Exception:
                log.exception("Watching the extensions failed")

    def round(self, watched: list[Watched]) -> None:
        """One check of each."""
        running = {one.pid for one in watched}
        self.judges = {pid: judge for pid, judge in self.judges.items() if pid in running}
        self.ending = {pid: when for pid, when in self.ending.items() if pid in running}
        for one in watched:
            pid = one.pid
            measured = usage(pid) if pid else None
            if measured is None:
                continue
            judge = self.judges.setdefault(pid, Judge(self.limits))
            found = judge.judge(measured, cores(pid=pid))
            if self.flags.on("enable_watchdog_debug") and judge.last:
                log.info("pid: %d, %s", pid, judge.last)
            if pid in self.ending:
                if monotonic() >= self.ending[pid]:
                    one.signal(signal.SIGKILL)
            elif found and monotonic() - self.began >= self.flags.number("watchdog_delay"):
                log.warning("osquery extension %s (%d) stopping: %s", one.path, pid, found)
                one.signal(signal.SIGTERM)
                self.ending[pid] = monotonic() + self.flags.number("watchdog_forced_shutdown_delay")
