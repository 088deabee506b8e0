"""Log lines to an extension."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from leadline.plugins.errors import IncompleteError, PluginError
from leadline.plugins.extension import Remote, succeeded
from leadline.plugins.kinds import Context, Status

log = logging.getLogger(__name__)

PROGRAM = "osqueryd"
WANTS_STATUS = 1
"""Bit of the answer to ``features``: status messages are wanted (osquery/core/plugins/logger.h)."""


class Extension:
    """Hands lines to a logger plugin of an extension, one call a line, as osquery does.

    Result lines, snapshots and status messages are streams of their own. A line is taken when the extension says so.
    """

    period = 0.0
    most = 512
    patience = 60.0

    def __init__(self, context: Context, remote: Remote) -> None:  # noqa: ARG002
        self.remote = remote
        self.streams: Mapping[str, Sequence[str]] = {"result": ("result",), "snapshot": ("snapshot",)}
        self.lock = Lock()
        self.initialized = False

    def start(self) -> None:
        """Ask what it wants; what is asked again when it could not be had now."""
        try:
            self.initialize()
        except PluginError as error:
            log.warning("The logger %s of an extension is not ready: %s", self.remote.name, error)

    def initialize(self) -> None:
        """Tell the extension the program's name, and ask whether it wants status messages. Raises PluginError."""
        with self.lock:
            if self.initialized:
                return
            self.remote.call({"init": PROGRAM, "log": "[]"})  # a refusal only says that it has nothing to prepare
            features, _, _ = self.remote.call({"action": "features"})
            # programs that do not know the question answer with a failure, whose code is the same number
            if features & WANTS_STATUS and self.accepts_status():
                self.streams = {**self.streams, "status": ("status",)}
            self.initialized = True

    def accepts_status(self) -> bool:
        """Whether an empty list of status messages is taken: the code 1 alone may as well mean a failure."""
        code, _, _ = self.remote.call({"status": "true", "log": "[]"})
        return code == 0

    def mark(self, stream: str) -> str:  # noqa: ARG002
        """What was taken only the extension knows."""
        return ""

    def send(self, stream: str, lines: Sequence[str], receipt: str) -> str:
        """Hand over lines until one is not taken."""
        self.initialize()
        taken = 0
        try:
            with self.remote.several() as call:
                for line in lines:
                    succeeded("logger", self.remote.name, call(request(stream, line)))
                    taken += 1
        except PluginError as error:
            if not taken:
                raise
            raise IncompleteError(str(error), range(taken, len(lines))) from error
        return receipt

    def status(self, message: Status) -> None:
        """Status messages go through the buffer."""

    def cancel(self) -> None:
        """End a sending that another thread is in."""
        self.remote.cancel()

    def close(self) -> None:
        """No connection is held."""


def request(stream: str, line: str) -> dict[str, str]:
    """The request for one line."""
    if stream == "snapshot":
        return {"snapshot": line}
    if stream == "status":
        return {"status": "true", "log": json.dumps([intermediate(json.loads(line))])}
    return {"string": line, "category": "event"}


def intermediate(line: Mapping[str, Any]) -> dict[str, Any]:
    """A status line in the short form that plugins are given (osquery/logger/logger.cpp, serializeIntermediateLog)."""
    return {
        "s": line["severity"], "f": line["filename"], "i": line["line"], "m": line["message"],
        "h": line["hostIdentifier"], "c": line["calendarTime"], "u": line["unixTime"],
    }  # fmt: skip
