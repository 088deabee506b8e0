"""One thread a logger that brings buffered lines to their destination."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from threading import Event, Thread
from time import monotonic

import apsw

from leadline.agent import buffer, rejected
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.plugins.errors import IncompleteError, PluginError, RefusedError
from leadline.plugins.kinds import Logger

log = logging.getLogger(__name__)

BATCH_SIZE = 1 << 20
"""Characters in one sending: servers limit bodies (Fleet 10 MiB), and a batch is held in memory several times over."""

RETRY = 1.0
"""Base of the wait after a failure for a logger that sends at once."""

IDLE = 60.0
"""Longest time between two looks, in seconds."""

COLLECT = 3.0
"""Longest time that status messages wait in memory, in seconds; osquery's."""

LONGEST = 3600.0
"""Seconds: a destination that asks for more gets a try all the same."""

LAST = 2.0
"""Seconds for the deliveries at the end."""

CALM = 16
"""Deliveries after which a batch that had to be made smaller may grow again."""

TOO_LARGE = 413


class Stream:
    """One stream of a logger: what is sent in order, with waits of its own after failures."""

    def __init__(self, state: State, flags: Flags, logger_name: str, logger: Logger, name: str) -> None:
        self.state = state
        self.flags = flags
        self.logger_name = logger_name
        self.logger = logger
        self.name = name
        self.failures = 0
        self.halvings = 0
        self.calm = 0
        self.due = 0.0  # on the monotonic clock
        self.more = False
        self.unnoted: Callable[[], None] | None = None
        """The note of a delivery that was made and could not be written down, the disk being full for example."""

    def receipt(self) -> str:
        """The receipt of the last delivery; the first time the logger is asked for one and it is kept."""
        key = f"{self.logger_name}.{self.name}"
        stored = self.state.get("receipts", key)
        if stored is None:
            stored = self.logger.mark(self.name)
            self.state.put("receipts", key, stored)
        return stored

    def deliver(self) -> bool:
        """Send the oldest lines; whether there were any and they were taken."""
        try:
            return self.attempt()
        except (PluginError, OSError, apsw.Error) as error:
            self.failed(error)
            return False

    def attempt(self) -> bool:
        """Send the oldest lines. Raises PluginError, OSError, and apsw.Error when the state cannot be written.

        After a failure the next batch is smaller: the server may refuse a body for its length.
        """
        self.note()
        most = max(1, self.logger.most >> min(max(self.failures, self.halvings), 16))
        kinds = self.logger.streams.get(self.name, ())
        batch = buffer.peek(self.state, self.logger_name, kinds, most, BATCH_SIZE)
        self.more = batch.more
        if not batch.ids:
            self.due = monotonic() + self.logger.period
            return False
        receipt = self.receipt()
        try:
            new = self.logger.send(self.name, batch.lines, receipt)
        except IncompleteError as error:
            self.take(kinds, batch, receipt, error)
            if error.left:
                raise
        except RefusedError as error:
            if error.status != TOO_LARGE:
                raise
            if len(batch.ids) > 1:
                self.halvings, self.calm = min(self.halvings, 16) + 1, 0
                return True
            self.take(kinds, batch, receipt, IncompleteError(str(error), (), {0: str(error)}))
        else:
            self.taken(kinds, batch.ids, new, ())
        self.delivered(len(batch.ids))
        return True

    def take(self, kinds: Sequence[str], batch: buffer.Batch, receipt: str, outcome: IncompleteError) -> None:
        """Note what was taken, and put what never will be where people can look at it."""
        if outcome.refused:
            refused = sorted(outcome.refused.items())
            rejected.keep(self.flags, self.logger_name, ((batch.lines[index], reason) for index, reason in refused))
        self.taken(kinds, batch.ids, receipt, [batch.ids[index] for index in outcome.left])

    def taken(self, kinds: Sequence[str], ids: Sequence[int], receipt: str, left: Sequence[int]) -> None:
        """Drop delivered lines, now or as soon as it can be done: before that nothing else is sent."""
        key = f"{self.logger_name}.{self.name}"
        self.unnoted = partial(buffer.taken, self.state, self.logger_name, kinds, ids, (key, receipt), left)
        self.note()

    def note(self) -> None:
        """Write down a delivery that has been made."""
        if self.unnoted is not None:
            self.unnoted()
            self.unnoted = None

    def delivered(self, amount: int) -> None:
        """After a success: when the next batch is due."""
        self.failures = 0
        self.calm += 1
        if self.halvings and self.calm >= CALM:
            self.halvings, self.calm = self.halvings - 1, 0
        wait = self.logger.period
        if wait and self.more:
            rate = self.flags.number("logger_backlog_rate")
            wait = amount / rate if rate else 0.0
        self.due = monotonic() + wait

    def failed(self, error: Exception) -> None:
        """After a failure: wait, longer each time."""
        self.failures += 1
        base = self.logger.period or RETRY
        asked = min(getattr(error, "retry_after", 0.0), max(self.logger.patience, LONGEST))
        wait = max(min(base * self.failures**2, self.logger.patience), asked)
        self.due = monotonic() + wait
        level = logging.WARNING if self.failures == 1 else logging.INFO
        log.log(level, "Could not send %s lines to the logger %s: %s", self.name, self.logger_name, error)


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
        self.streams: dict[str, Stream] = {}
        self.dropped: Counter[str] = Counter()
        self.told = float("-inf")

    def run(self) -> None:
        """Deliver, wait, and once more at the end."""
        while not self.stopping.is_set():
            self.wake.clear()
            self.round()
            self.wake.wait(self.pause())
        if not any(stream.failures for stream in self.streams.values()):
            self.round(end=monotonic() + LAST)

    def round(self, end: float = 0.0) -> None:
        """Deliver what is due; with an ``end`` on the monotonic clock all that can be delivered until then."""
        try:
            try:
                self.collect()
            except apsw.Error:
                pass  # the messages wait on; that the state cannot be written a delivery will tell
            for name in self.logger.streams:
                stream = self.streams.get(name)
                if stream is None:
                    stream = Stream(self.state, self.flags, self.logger_name, self.logger, name)
                    self.streams[name] = stream
                while end or monotonic() >= stream.due:
                    if not stream.deliver() or ((end or self.stopping.is_set()) and monotonic() >= end):
                        break
            self.trim()
            if not any(stream.more for stream in self.streams.values()):
                while self.state.shrink() and not self.stopping.is_set():
                    pass
        except Exception:
            log.exception("The logger %s failed", self.logger_name)
            for stream in self.streams.values():
                stream.due = max(stream.due, monotonic() + RETRY)

    def pause(self) -> float:
        """Seconds until the next look; a logger without a period is woken when there is a line.

        One with a period looks more often than it sends, because status messages are only safe in the buffer.
        """
        longest = min(self.logger.period, COLLECT) or IDLE
        waits = [stream.due - monotonic() for stream in self.streams.values() if stream.failures or stream.more]
        return max(0.0, min([longest, *waits]))

    def trim(self) -> None:
        """Keep to ``buffered_log_max``; what had to be dropped is told once a minute, since that is a line too."""
        self.dropped += buffer.trim(self.state, self.logger_name, self.flags.number("buffered_log_max"))
        if self.dropped and (self.stopping.is_set() or monotonic() - self.told >= IDLE):
            kinds = ", ".join(f"{amount} {kind}" for kind, amount in sorted(self.dropped.items()))
            log.warning(
                "The buffer of the logger %s is full (--buffered_log_max): dropped the %d oldest lines (%s)",
                self.logger_name, self.dropped.total(), kinds,
            )  # fmt: skip
            self.dropped.clear()
            self.told = monotonic()

    def stop(self) -> None:
        """Called by another thread when ``stopping`` has been set: deliver a last time and end."""
        self.wake.set()
