"""The agent's own messages: from Python's logging to standard error and to the loggers."""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Callable, Mapping
from threading import Lock

from leadline import OSQUERY_VERSION
from leadline.agent import lines
from leadline.flags import Flags
from leadline.plugins.kinds import Status
from leadline.plugins.logger import glog

PACKAGE = "leadline"
KEPT = 10_000  # messages waiting for the buffer


def severity(level: int) -> int:
    """osquery's number for a level of Python's logging; DEBUG is what osquery writes only when it is verbose."""
    return 0 if level < logging.WARNING else 1 if level < logging.ERROR else 2 if level < logging.CRITICAL else 3


class StatusLog(logging.Handler):
    """Takes what the program logs, from ``logger_min_status`` up.

    ``sinks`` are shown every message at once. ``waiting`` holds those that :meth:`collect` turns into lines for the
    buffered loggers; while ``buffered`` is off none are kept. Before :meth:`attach` all wait in ``early``.
    """

    def __init__(self, flags: Flags) -> None:
        super().__init__()
        self.flags = flags
        self.sinks: list[Callable[[Status], None]] = []
        self.buffered = False
        self.early: list[Status] | None = []
        self.waiting: deque[Status] = deque(maxlen=KEPT)
        self.collecting = Lock()
        self.wake: Callable[[], object] = lambda: None
        """Called for each waiting message with ``logger_status_sync``: somebody is to collect it at once."""

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging, in the thread that logs."""
        if record.levelno < logging.INFO and not self.flags.on("verbose"):
            return
        try:
            text = record.getMessage()
            if record.exc_info:
                text += "\n" + logging.Formatter().formatException(record.exc_info)
            number = severity(record.levelno)
            message = Status(number, record.filename, record.lineno, text, record.created, record.thread or 0)
            self.show(message)
        except Exception:  # noqa: BLE001 - the edge: a message must not end what it tells about
            self.handleError(record)

    def show(self, message: Status) -> None:
        """Show a message on standard error and to the loggers."""
        number = message.severity
        if self.flags.on("logger_stderr") and number >= self.flags.number("logger_min_stderr"):
            print(glog.line(message), file=sys.stderr, flush=True)
        self.take(message)

    def take(self, message: Status) -> None:
        """Show a message to the loggers only, now or when they are there."""
        number = message.severity
        if number < self.flags.number("logger_min_status") or self.flags.on("disable_logging"):
            return
        if self.early is not None:
            if len(self.early) < KEPT:
                self.early.append(message)
            return
        self.hand_on(message)

    def hand_on(self, message: Status) -> None:
        """To the loggers."""
        for sink in self.sinks:
            sink(message)
        if self.buffered:
            self.waiting.append(message)
            if self.flags.on("logger_status_sync"):
                self.wake()

    def attach(self, sinks: list[Callable[[Status], None]], *, buffered: bool) -> None:
        """The loggers are there: give them what was logged before."""
        self.acquire()
        try:
            self.sinks, self.buffered = sinks, buffered
            early, self.early = self.early or [], None
            for message in early:
                self.hand_on(message)
        finally:
            self.release()

    def detach(self) -> None:
        """The loggers go; what is logged from here on is only shown on standard error."""
        self.acquire()
        self.sinks, self.buffered = [], False
        self.release()

    def collect(
        self, identifier: str, decorations: Mapping[str, str], keep: Callable[[list[str]], object], *, top_level: bool
    ) -> None:
        """Hand the waiting messages to ``keep`` as log lines; when it raises they go on waiting."""
        with self.collecting:
            self.acquire()
            found = list(self.waiting)
            self.release()
            if not found:
                return
            keep(
                [
                    lines.status(
                        m.severity, m.filename, m.line, m.message, int(m.time), identifier, OSQUERY_VERSION,
                        decorations, top_level=top_level,
                    )
                    for m in found
                ]
            )  # fmt: skip
            self.acquire()
            for message in found:
                if self.waiting and self.waiting[0] is message:  # not one that a full queue has dropped meanwhile
                    self.waiting.popleft()
            self.release()


def install(handler: StatusLog) -> None:
    """Make the handler the one of everything of ours that logs."""
    root = logging.getLogger(PACKAGE)
    root.addHandler(handler)
    root.propagate = False
    root.setLevel(logging.DEBUG)  # the handler looks at the flag verbose, which the configuration may change


def uninstall(handler: StatusLog) -> None:
    """Take it away again."""
    logging.getLogger(PACKAGE).removeHandler(handler)
