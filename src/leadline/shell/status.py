"""Status lines on standard error, in the form of Google's log library, which osquery uses."""

from __future__ import annotations

import os
import sys
from time import localtime, time

from leadline.catalogue.index import OURS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.flags import Flags

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


def least(flags: Flags) -> int:
    """The least severity that the shell shows on standard error: warnings, unless flags say otherwise."""
    if flags.given("logger_stderr") and not flags.on("logger_stderr"):
        return ERROR + 1
    severity = INFO if flags.given("verbose") and flags.on("verbose") else WARNING
    for name in ("logger_min_stderr", "minloglevel"):
        if flags.given(name):
            severity = max(severity, flags.number(name))
    return severity


def log(flags: Flags, severity: int, message: str) -> None:
    """Write a line of the engine, which called a function that called this one."""
    if severity >= least(flags):
        put(severity, message, caller(2))


def warn(flags: Flags, table: str, message: str) -> None:
    """Write a warning of a table, with the pointer to its documentation where osquery gives one."""
    if least(flags) > WARNING:
        return
    place = caller(2)
    put(WARNING, message, place)
    if any(part in message for part in CONSTRAINT_WARNINGS) and table not in OURS:
        put(WARNING, f"Please see the table documentation: {SCHEMA_PAGE}{table}", place)


def put(severity: int, message: str, place: str) -> None:
    """Write a line to standard error, unbuffered."""
    os.write(2, line(severity, message, place, time(), os.getpid()).encode("utf-8", "surrogateescape"))
