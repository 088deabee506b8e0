"""When this process started. Format: proc(5), /proc/PID/stat and /proc/stat."""

from __future__ import annotations

import os

from leadline.linux import files


def at() -> int | None:
    """Seconds since 1970; None where /proc is not mounted."""
    stat = files.read("/proc/self/stat")
    system = files.read("/proc/stat")
    if not stat or not system:
        return None
    boot = system.find(b"\nbtime ")
    if boot < 0:
        return None
    ticks = int(stat[stat.rindex(b")") + 2 :].split()[19])
    return int(system[boot + 7 :].split(None, 1)[0]) + ticks // os.sysconf("SC_CLK_TCK")
