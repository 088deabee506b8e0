"""Time as the server keeps it: whole milliseconds since the epoch, and ISO 8601 at its edges."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], int]


def now() -> int:
    """The wall clock in milliseconds."""
    return time.time_ns() // 1_000_000


def iso(milliseconds: int | None) -> str | None:
    """A time as ``2026-11-24T06:05:54Z``; with a fraction only where there is one."""
    if milliseconds is None:
        return None
    seconds, fraction = divmod(milliseconds, 1000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{fraction:03}Z" if fraction else text + "Z"
