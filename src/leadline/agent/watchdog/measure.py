"""What a process uses, read from /proc (proc_pid_stat(5)) with as few imports as the watcher has."""

from __future__ import annotations

import os
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGESIZE")


class Usage:
    """``cpu`` seconds so far, ``resident`` bytes now, the ``parent``; ``time`` is when, on the monotonic clock."""

    __slots__ = ("cpu", "parent", "resident", "time")

    def __init__(self, cpu: float, resident: int, parent: int, time: float) -> None:
        self.cpu = cpu
        self.resident = resident
        self.parent = parent
        self.time = time


def usage(pid: int) -> Usage | None:
    """What a process uses; None when there is no such process (any more)."""
    fields = stat(f"/proc/{pid}/stat")
    if len(fields) < 22:
        return None
    cpu = (int(fields[11]) + int(fields[12])) / _TICK
    return Usage(cpu, int(fields[21]) * _PAGE, int(fields[1]), monotonic())


def stat(path: str) -> list[bytes]:
    """The fields of a stat file behind the name, which may hold anything; empty when it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        return os.read(descriptor, 4096).rpartition(b")")[2].split()
    except OSError:  # it ended in between
        return []
    finally:
        os.close(descriptor)


def children(parent: int) -> Iterator[int]:
    """The processes that have this parent."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat(f"/proc/{name}/stat")
            if len(fields) > 1 and int(fields[1]) == parent:
                yield int(name)
