"""What /proc tells of the system as a whole; proc(5)."""

from __future__ import annotations

import os

from leadline.linux import files
from leadline.linux.text import decode, integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def uptime(root: str) -> int | None:
    """Whole seconds since the start."""
    return integer((files.read(root + "/proc/uptime") or b"").partition(b".")[0])


def load(root: str) -> Sequence[float]:
    """The load averages over 1, 5 and 15 minutes; empty when they are not known."""
    if not root:
        return os.getloadavg()  # sysinfo(2): /proc/loadavg has two decimals only
    try:
        return tuple(float(field) for field in (files.read(root + "/proc/loadavg") or b"").split()[:3])
    except ValueError:
        return ()


def memory(root: str) -> dict[str, int]:
    """The entries of /proc/meminfo in bytes, counts as they are."""
    found = {}
    for line in (files.read(root + "/proc/meminfo") or b"").split(b"\n"):
        fields = line.split()
        amount = integer(fields[1][:15]) if len(fields) > 1 else None
        if amount is not None:
            found[decode(fields[0].rstrip(b":"))] = amount << 10 if len(fields) > 2 else amount
    return found


def processor_times(root: str) -> Iterator[tuple[int, ...]]:
    """For each processor its number, then ticks: user, nice, system, idle, iowait, irq, softirq, steal, guest,
    guest_nice. What an older kernel does not count is 0."""
    for line in (files.read(root + "/proc/stat") or b"").split(b"\n"):
        fields = line.split()
        core = integer(fields[0][3:]) if fields and fields[0].startswith(b"cpu") else None
        if core is not None:
            times = [integer(field) or 0 for field in fields[1:11]]
            yield core, *times, *(0,) * (10 - len(times))


def release(root: str) -> str | None:
    """The kernel's release, such as 6.1.0-13-amd64."""
    fields = (files.read(root + "/proc/version") or b"").split()  # Linux version RELEASE (…
    return decode(fields[2]) if len(fields) > 2 and fields[1] == b"version" else None


def arguments(root: str) -> list[str] | None:
    """The words of the kernel's command line."""
    data = files.read(root + "/proc/cmdline")
    return None if data is None else [decode(word) for word in data.split()]
