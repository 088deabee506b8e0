"""Processes as /proc shows them.

Every function takes the root directory and a process id and gives None when the process is gone or its file may not
be read: between the list of processes and a look at one of them it may have ended. Layouts: proc(5).
"""

from __future__ import annotations

import os

from leadline.linux import files
from leadline.linux.text import clean, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Stat = tuple[str, int, int, int, int, int, int, int, bool]
    Status = tuple[str, int, int, int, int, int, int, int | None, int | None]

KERNEL_THREAD = 0x00200000  # PF_KTHREAD of include/linux/sched.h
DIGITS = 18  # of a number that surely fits into 63 bits
DELETED = " (deleted)"


def pids(root: str, wanted: Iterable[object] | None = None) -> list[int]:
    """The processes there are in ascending order, or those of ``wanted`` that exist.

    /proc also answers for threads, under numbers that it does not list. They are no processes, so that a wanted
    number finds what a look at all processes would.
    """
    if wanted is None:
        return sorted(int(name) for name in files.names(root + "/proc") if name.isdecimal() and len(name) <= DIGITS)
    return [pid for pid in dict.fromkeys(wanted) if isinstance(pid, int) and pid > 0 and is_process(root, pid)]


def is_process(root: str, pid: int) -> bool:
    """Whether the number is that of a process and not of one of its threads."""
    data = files.record(f"{root}/proc/{pid}/status")
    group = _field(data, b"\nTgid:").strip() if data is not None else b"-"
    return not group or group == str(pid).encode()


def stat(root: str, pid: int) -> Stat | None:
    """From /proc/PID/stat: state, parent, process group, user and system time in ticks, nice, threads, start in
    ticks after boot, whether it is a kernel thread."""
    data = files.record(f"{root}/proc/{pid}/stat")
    if not data:
        return None
    # The name before is in parentheses and may hold anything, parentheses too.
    fields = data[data.rfind(b")") + 2 :].split(None, 20)
    if len(fields) < 20 or (root and longest(fields[:20]) > DIGITS):
        return None
    try:
        return (
            fields[0].decode(),
            int(fields[1]),
            int(fields[2]),
            int(fields[11]),
            int(fields[12]),
            int(fields[16]),
            int(fields[17]),
            int(fields[19]),
            bool(int(fields[6]) & KERNEL_THREAD),
        )
    except ValueError:
        return None


def status(root: str, pid: int) -> Status | None:
    """From /proc/PID/status: name, uid, gid, effective uid and gid, saved uid and gid, resident and total size in
    bytes (None for what has no memory of its own: kernel threads and zombies)."""
    data = files.record(f"{root}/proc/{pid}/status")
    if not data:
        return None
    uids = _field(data, b"\nUid:").split()
    gids = _field(data, b"\nGid:").split()
    if len(uids) < 3 or len(gids) < 3 or (root and longest(uids + gids) > DIGITS):
        return None
    name = decode(data[6 : data.find(b"\n")])  # after "Name:\t"
    try:
        ids = int(uids[0]), int(gids[0]), int(uids[1]), int(gids[1]), int(uids[2]), int(gids[2])
        return name, *ids, _kilobytes(data, b"\nVmRSS:"), _kilobytes(data, b"\nVmSize:")
    except ValueError:
        return None


def longest(fields: list[bytes]) -> int:
    """The length of the longest field: the kernel's numbers fit into 64 bits, those of an image may be anything."""
    return max(map(len, fields))


def _field(data: bytes, key: bytes) -> bytes:
    at = data.find(key)
    return b"" if at < 0 else data[at + len(key) : data.find(b"\n", at + 1)]


def _kilobytes(data: bytes, key: bytes) -> int | None:
    at = data.find(key)
    return None if at < 0 else int(data[at + len(key) : data.find(b"k", at + len(key))][:DIGITS]) << 10


def disk_bytes(root: str, pid: int) -> tuple[int, int] | None:
    """Bytes read from and written to storage, what was cancelled before it was written taken off."""
    data = files.record(f"{root}/proc/{pid}/io")
    if not data:
        return None
    # rchar, wchar, syscr, syscw, read_bytes, write_bytes, cancelled_write_bytes, each after its name
    fields = data.split()
    if len(fields) < 14 or longest(fields[1::2]) > DIGITS:
        return None
    try:
        return int(fields[9]), int(fields[11]) - int(fields[13])
    except ValueError:
        return None


def cmdline(root: str, pid: int) -> str:
    """The arguments with spaces between them; empty for kernel threads, zombies and what is gone."""
    data = files.record(f"{root}/proc/{pid}/cmdline")
    return decode(data.replace(b"\0", b" ").strip()) if data else ""


def link(root: str, pid: int, name: str) -> str:
    """Where ``cwd`` or ``root`` of the process points to; empty when that is not to be known."""
    target = files.link(f"{root}/proc/{pid}/{name}")
    return clean(target) if target else ""


def executable(root: str, pid: int) -> tuple[str, int]:
    """The path of the program and whether it is on disk: 1, 0 when it was deleted, -1 when that is not to be known.

    The kernel marks the path of a deleted file, also for a process in another mount namespace, whose paths say
    nothing to us. A file whose name really ends with the mark is told apart by being there.
    """
    place = f"{root}/proc/{pid}/exe"
    target = files.link(place)
    if not target:
        return "", -1
    if not target.endswith(DELETED):
        return clean(target), 1
    if not root and _same_file(place, target):
        return clean(target), 1
    return clean(target[: -len(DELETED)]), 0


def _same_file(one: str, other: str) -> bool:
    try:
        return os.path.samestat(os.stat(one), os.stat(other))
    except OSError:
        return False


def cgroup(root: str, pid: int) -> str:
    """The path of the process in the first hierarchy listed, which with version 2 is the only one."""
    data = files.record(f"{root}/proc/{pid}/cgroup")
    if not data:
        return ""
    fields = data.partition(b"\n")[0].split(b":", 2)  # hierarchy, controllers, path
    return decode(fields[2]) if len(fields) == 3 else ""


def environment(root: str, pid: int) -> Iterator[tuple[str, str]]:
    """The names and values that the process was started with."""
    for entry in (files.read(f"{root}/proc/{pid}/environ") or b"").split(b"\0"):
        if entry:
            key, _, value = entry.partition(b"=")
            yield decode(key), decode(value)


def descriptors(root: str, pid: int) -> Iterator[tuple[int, str]]:
    """The open descriptors and where their links point to, as the system names it: not cleaned."""
    directory = f"{root}/proc/{pid}/fd"
    for name in files.names(directory):
        target = files.link(f"{directory}/{name}")
        if target is not None and name.isdecimal() and len(name) <= DIGITS:
            yield int(name), target


def memory_map(root: str, pid: int) -> Iterator[tuple[str, str, str, int, str, int, str]]:
    """The mapped regions: start and end (bare hexadecimal), permissions, offset, device, inode, path."""
    for line in (files.read(f"{root}/proc/{pid}/maps") or b"").split(b"\n"):
        fields = line.split(None, 5)
        if len(fields) < 5 or len(fields[2]) > 16 or len(fields[4]) > DIGITS:
            continue
        try:
            offset, inode = int(fields[2], 16), int(fields[4])
        except ValueError:
            continue
        start, _, end = decode(fields[0]).partition("-")
        path = decode(fields[5]) if len(fields) == 6 else ""
        yield start, end, decode(fields[1]), offset, decode(fields[3]), inode, path


def namespace(root: str, pid: int, kind: str) -> int | None:
    """The inode number of the process's namespace of a kind (``net``, ``mnt`` …)."""
    target = files.link(f"{root}/proc/{pid}/ns/{kind}")  # net:[4026531833]
    if target is None or not target.endswith("]"):
        return None
    number = target[len(kind) + 2 : -1]
    return int(number) if number.isdecimal() and len(number) <= DIGITS else None


def boot_time(root: str) -> int | None:
    """When the system was started, in seconds since the epoch."""
    data = files.read(root + "/proc/stat") or b""
    at = data.find(b"\nbtime ")
    number = data[at + 7 : data.find(b"\n", at + 1)].strip()
    return int(number) if at >= 0 and number.isdigit() and len(number) <= DIGITS else None


def ticks_per_second() -> int:
    """The unit of the times in /proc, the same on every machine of an architecture."""
    return os.sysconf("SC_CLK_TCK")
