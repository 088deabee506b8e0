"""Gives memory that the C library keeps for later back to the system: ``malloc_trim_threshold`` (malloc_trim(3))."""

from __future__ import annotations

import ctypes

from leadline.flags import Flags
from leadline.linux import usage

STEP = 16 << 20
"""Bytes that must have come since the last time: memory that is really in use is not looked through again and again."""


class Trimmer:
    """Looks at the memory now and then."""

    def __init__(self, flags: Flags) -> None:
        self.flags = flags
        self.kept = 0

    def look(self) -> int:
        """Give memory back when more than the threshold is in use; the bytes that this freed.

        The threshold counts what osquery's counts, resident memory, so 0 means always and not never.
        """
        resident = usage.resident()
        if resident < (self.flags.number("malloc_trim_threshold") << 20) or resident < self.kept + STEP:
            self.kept = min(self.kept, resident)
            return 0
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
        self.kept = usage.resident()
        return max(0, resident - self.kept)
