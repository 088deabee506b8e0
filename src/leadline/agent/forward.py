"""One thread a logger that brings buffered lines to their destination."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic

from leadline.agent import buffer
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.plugins.errors import PluginError
from leadline.plugins.kinds import Logger

log = logging.getLogger(__name__)

BATCH_SIZE = 4 << 20
"""Characters in one sending: servers limit bodies (Fleet 10 MiB), and a batch is held in memory."""

RETRY = 1.0
"""Base of the wait after a failure for a logger that sends at once."""


class Stream:
    """One stream of a logger: what is sent in order, with waits of its own after failures."""

    def __init__(self, state: State, logger_name: str, logger: Logger, name: str) -> None:
        self.state = state
        self.logger_name = logger_name
        self.logger = logger
        self.name = name
        self.failures = 0
        self.due = 0.0  # on the monotonic clock

    def receipt(self) -> str:
        """The receipt of the last delivery; the first time the logger is asked for one and it is kept."""
        key = f"{self.logger_name}.{self.name}"
        stored = self.state.get("receipts", key)
        if stored is None:
            stored = self.logger.mark(self.name)
            self.state.put("receipts", key, stored)
        return stored

    def deliver(self) -> bool:
        """Send the oldest lines; whether there were any and they were taken.

        After a failure the next batch is smaller: the server may refuse a body for its length.
        """
        most = max(1, self.logger.most >> min(self.failures, 10))
        batch = buffer.peek(self.state, self.logger_name, self.logger.streams[self.name], most, BATCH_SIZE)
        if not batch.ids:
            return False
        try:
            receipt = self.logger.send(self.name, batch.lines, self.receipt())
        except (PluginError, OSError) as error:
            self.failures += 1
            base = self.logger.period or RETRY
            wait = max(min(base * self.failures**2, self.logger.patience), getattr(error, "retry_after", 0.0))
            self.due = monotonic() + wait
            log.info("Could not send %s lines to the logger %s: %s", self.name, self.logger_name, error)
            return False
        self.failures = 0
        buffer.taken(self.state, batch.ids, (f"{self.logger_name}.{self.name}", receipt))
        return True


class Forwarder(Thread):
    """Delivers the lines of one logger until it is told to stop."""

    def __init__(
        self, name: str, logger: Logger, state: State, flags: Flags, stopping: Event, collect: Callable[[], None]
    ) -> None:
        """``collect`` moves waiting status messages into the buffer."""
        super().__init__(name=f"logger {name}", daemon=True)
        self.logger_name = name
        self.logger = logger
        self.state = state
        self.flags = flags
        self.stopping = stopping
        self.collect = collect
        self.wake = Event()
        self.streams = [Stream(state, name, logger, stream) for stream in logger.streams]

    def run(self) -> None:
        """Deliver, wait, and once more at the end."""
        while not self.stopping.is_set():
            self.wake.clear()
            self.round()
            self.wake.wait(self.pause())
        if not any(stream.failures for stream in self.streams):
            self.round()

    def round(self) -> None:
        """Deliver what is due."""
        try:
            self.collect()
            for stream in self.streams:
                if monotonic() >= stream.due:
                    while stream.deliver() and not self.slow():
                        pass
            self.trim()
        except Exception:
            log.exception("The logger %s failed", self.logger_name)

    def slow(self) -> bool:
        """Whether a full batch is followed by a pause: destinations with a period get one batch a period."""
        return self.logger.period > 0

    def pause(self) -> float:
        """Seconds until the next look."""
        if self.logger.period > 0:
            return self.logger.period
        waits = [stream.due - monotonic() for stream in self.streams if stream.failures]
        return max(0.05, min(waits, default=60.0))

    def trim(self) -> None:
        """Keep to ``buffered_log_max``."""
        dropped = buffer.trim(self.state, self.logger_name, self.flags.number("buffered_log_max"))
        if dropped:
            log.warning("The buffer of the logger %s is full: dropped the %d oldest lines", self.logger_name, dropped)

    def stop(self) -> None:
        """Called by another thread when ``stopping`` has been set: deliver a last time and end."""
        self.wake.set()
