"""Keeps a thread's share of the processors small, so that the watchdog does not take a carve for a runaway query."""

from __future__ import annotations

from threading import Event
from time import monotonic, thread_time

from leadline.agent.carving.errors import StoppedError

SPAN = 1.0
"""Seconds over which the share is kept."""


class Pace:
    """``share``: processor seconds a second, of which none are counted while it is 0. For one thread."""

    def __init__(self, share: float, stopping: Event) -> None:
        self.share = share
        self.stopping = stopping
        self.wall = self.used = float("-inf")

    def rest(self) -> None:
        """Wait as long as it takes; to be called after every piece of work. Raises StoppedError."""
        if self.stopping.is_set():
            raise StoppedError
        if not self.share:
            return
        now, used = monotonic(), thread_time()
        if now - self.wall > SPAN:
            self.wall, self.used = now, used
            return
        ahead = (used - self.used) / self.share - (now - self.wall)
        if ahead > 0.01 and self.stopping.wait(min(ahead, SPAN)):
            raise StoppedError
