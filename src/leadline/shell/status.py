"""Status lines on standard error, in the form of Google's log library, which osquery uses."""

from __future__ import annotations

import os
import sys
from time import localtime, time

INFO, WARNING, ERROR = 0, 1, 2

SCHEMA_PAGE = "https://osquery.io/schema/#"
CONSTRAINT_WARNINGS = ("without a required column", "consider JOINing against the users table", "events are disabled")
"""The warnings after which osquery's shell points to the table's documentation."""


def line(severity: int, message: str, place: str, now: float, process: int) -> str:
    """One line: ``W1124 06:05:54.123456  4711 engine.py:104] message``, in local time."""
    moment = localtime(now)
    micros = int(now % 1 * 1_000_000)
    day = f"{'IWE'[severity]}{moment.tm_mon:02}{moment.tm_mday:02}"
    clock = f"{moment.tm_hour:02}:{moment.tm_min:02}:{moment.tm_sec:02}.{micros:06}"
    return f"{day} {clock} {process:5} {place}] {message}\n"


def caller(depth: int) -> str:
    """The ``file:line`` that a status line names: who called us, ``depth`` frames up."""
    frame = sys._getframe(depth + 1)  # noqa: SLF001 - what inspect.currentframe returns, without importing inspect
    return f"{frame.f_code.co_filename.rsplit('/', 1)[-1]}:{frame.f_lineno}"


class Status:
    """Writes what the engine and its tables have to say, from ``least`` severity on."""

    __slots__ = ("least",)

    def __init__(self, least: int = WARNING) -> None:
        self.least = least

    def log(self, severity: int, message: str) -> None:
        """A line of the engine."""
        if severity >= self.least:
            self.put(line(severity, message, caller(1), time(), os.getpid()))

    def warn(self, table: str, message: str) -> None:
        """A warning of a table, with the pointer to its documentation where osquery gives one."""
        if self.least > WARNING:
            return
        place = caller(1)
        self.put(line(WARNING, message, place, time(), os.getpid()))
        if any(part in message for part in CONSTRAINT_WARNINGS):
            page = f"Please see the table documentation: {SCHEMA_PAGE}{table}"
            self.put(line(WARNING, page, place, time(), os.getpid()))

    @staticmethod
    def put(text: str) -> None:
        """Write to standard error, unbuffered."""
        os.write(2, text.encode("utf-8", "surrogateescape"))
