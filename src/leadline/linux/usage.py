"""What this program uses: memory, and the bytes its readers took from files."""

from __future__ import annotations

import os

from leadline.linux import files


def resident() -> int:
    """Resident memory in bytes, without what is mapped from files (/proc/self/statm); 0 when it cannot be told."""
    fields = (files.record("/proc/self/statm") or b"").split()
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGESIZE") if len(fields) > 2 else 0


def read() -> int:
    """Bytes that :mod:`leadline.linux.files` has read since the program started."""
    return files.amount
