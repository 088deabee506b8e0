"""Gives memory that the C library keeps for later back to the system: ``malloc_trim_threshold`` (malloc_trim(3))."""

from __future__ import annotations

import ctypes
import os

from leadline.agent.watchdog.limits import Limits
from leadline.agent.watchdog.measure import usage
from leadline.flags import Flags

STEP = 16 << 20
"""Bytes that must have come since the last time: memory that is really in use is not looked through again and again."""


def threshold(flags: Flags) -> int:
    """Resident bytes from which memory is given back; 0 never. What nobody set follows the watchdog's limit."""
    if flags.given("malloc_trim_threshold") or flags.on("disable_watchdog"):
        return flags.number("malloc_trim_threshold") << 20
    return Limits(flags).memory * 8 // 10


class Trimmer:
    """Looks at the memory now and then."""

    def __init__(self, flags: Flags) -> None:
        self.flags = flags
        self.kept = 0  # resident bytes after the last time

    def look(self) -> int:
        """Give memory back when more than the threshold is in use; the bytes that this freed."""
        limit = threshold(self.flags)
        used = resident()
        if not limit or used < limit or used < self.kept + STEP:
            self.kept = min(self.kept, used)
            return 0
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other C libraries than glibc have none
        if trim is not None:
            trim(0)
        self.kept = resident()
        return max(0, used - self.kept)


def resident() -> int:
    """Resident bytes of this process, files included, as the watchdog counts."""
    found = usage(os.getpid())
    return found.resident if found else 0
