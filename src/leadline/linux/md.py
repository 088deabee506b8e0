"""State of software RAID arrays and their members: by the ioctls of linux/raid/md_u.h, or as sysfs has it.

The ioctls know more but need root and the running kernel; Documentation/admin-guide/md.rst describes /sys/block/mdX/md.
"""

from __future__ import annotations

import os

from leadline.linux import files, rooted
from leadline.linux.text import clean, decode, integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_GET_ARRAY_INFO = 0x80480911
_GET_DISK_INFO = 0x80140912
_MOST = 1024  # members that an array is asked for; version 1 superblocks allow 384 and more by sysfs

_LEVELS = {"linear": -1, "multipath": -4, "faulty": -5, "container": -100}
_ARRAY_STATES = {
    0: "clean", 1: "errors", 2: "bbm_errors", 3: "container_reshape", 4: "block_activation", 5: "clustered",
    8: "bitmap_present",
}  # fmt: skip
_DISK_STATES = {
    0: "faulty", 1: "active", 2: "sync", 3: "removed", 4: "clusteradd", 5: "spare", 9: "writemostly", 10: "failfast",
    18: "journal",
}  # fmt: skip
_SYSFS_STATES = {"faulty": 1, "in_sync": 6, "write_mostly": 1 << 9, "failfast": 1 << 10, "journal": 1 << 18}


class Status:
    """An array's numbers and states as md_u.h names them; None for what is not known."""

    __slots__ = (
        "active_disks", "chunk_size", "failed_disks", "level", "nr_disks", "raid_disks", "spare_disks", "state",
        "utime", "version", "working_disks",
    )  # fmt: skip

    def __init__(self) -> None:
        self.level: int | None = None
        self.raid_disks: int | None = None
        self.nr_disks: int | None = None
        self.active_disks: int | None = None
        self.working_disks: int | None = None
        self.failed_disks: int | None = None
        self.spare_disks: int | None = None
        self.chunk_size: int | None = None
        self.utime: int | None = None
        self.state: str | None = None
        self.version: str | None = None


class Drive:
    """A member: its number in the array, its path, its place (negative for none) and state bits of md_p.h."""

    __slots__ = ("name", "number", "place", "state")

    def __init__(self, number: int, name: str, place: int, state: int) -> None:
        self.number = number
        self.name = name
        self.place = place
        self.state = state


class Member:
    """A member, or a place of the array that has none, as it is told of; ``slot`` is None for a disk without one."""

    __slots__ = ("name", "slot", "state")

    def __init__(self, name: str, slot: int | None, state: str) -> None:
        self.name = name
        self.slot = slot
        self.state = state


def status(root: str, name: str) -> Status:
    """How an array is."""
    found = None if root else _asked(name)
    if found is None:
        found = _seen(root, name)
    found.version = _attribute(root, name, "metadata_version") or found.version
    return found


def members(root: str, name: str) -> Iterator[Member]:
    """The members of an array by their numbers, then its places that nobody holds."""
    disks = None if root else _asked_disks(name)
    if disks is None:
        disks = list(_seen_disks(root, name))
    yield from placed(disks, status(root, name).raid_disks or 0)


def placed(disks: list[Drive], places: int) -> Iterator[Member]:
    """The members and the places that are left.

    A disk that lost its place still has the number it had there, unless that is beyond the places: then it is told
    with one that nobody else holds.
    """
    free = dict.fromkeys(range(min(places, _MOST)))
    found: list[Member] = []
    homeless = []
    for disk in disks:
        slot = disk.place if disk.place >= 0 else disk.number if disk.number < places else None
        member = Member(disk.name, slot, disk_state(disk.state, disk.place))
        found.append(member)
        if slot is not None:
            free.pop(slot, None)
        elif disk.state & 1:
            homeless.append(member)
    for slot, member in zip(list(free), homeless, strict=False):
        member.slot = slot
        free.pop(slot)
    yield from found
    for slot in free:
        yield Member("unknown", slot, "removed")


def disk_state(state: int, place: int) -> str:
    """The bits of a member's state as words; none of them stands for a spare, or one that is being filled."""
    words = " ".join(word for bit, word in _DISK_STATES.items() if state >> bit & 1)
    return words or ("recovering" if place >= 0 else "spare")


def array_state(state: int) -> str:
    """The bits of a superblock's state as words."""
    return " ".join(word for bit, word in _ARRAY_STATES.items() if state >> bit & 1) or "unknown"


def parse_array(data: bytes) -> Status:
    """mdu_array_info_t, 18 numbers of 32 bits."""
    import struct

    (major, minor, _, _, level, _, nr_disks, raid_disks, _, _, utime, state, active, working, failed, spare, _,
     chunk) = struct.unpack("=10iI7i", data)  # fmt: skip
    found = Status()
    found.level, found.raid_disks, found.nr_disks = level, raid_disks, nr_disks
    found.active_disks, found.working_disks, found.failed_disks, found.spare_disks = active, working, failed, spare
    found.chunk_size, found.utime, found.state = chunk, utime, array_state(state)
    found.version = f"{major}.{minor}"
    return found


def _asked(name: str) -> Status | None:
    """The status by ioctl; None without the right to ask, or when the array is not running."""
    answer = _ioctl(name, _GET_ARRAY_INFO, [bytes(72)])
    return parse_array(answer[0]) if answer else None


def _asked_disks(name: str) -> list[Drive] | None:
    import struct

    requests = [struct.pack("=5i", number, 0, 0, 0, 0) for number in range(_MOST)]
    answers = _ioctl(name, _GET_DISK_INFO, requests)
    if not answers:
        return None
    disks = []
    for answer in answers:
        number, major, minor, place, state = struct.unpack("=5i", answer)
        if major > 0:
            disks.append(Drive(number, _device(major, minor), place, state))
    return disks


def _ioctl(name: str, code: int, requests: list[bytes]) -> list[bytes] | None:
    """The answers to the requests that were answered; None when the array cannot be asked."""
    import fcntl

    try:
        descriptor = os.open(f"/dev/{name}", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    answers = []
    try:
        for request in requests:
            try:
                answers.append(fcntl.ioctl(descriptor, code, request))
            except OSError:  # no such member
                continue
    finally:
        os.close(descriptor)
    return answers


def _device(major: int, minor: int) -> str:
    target = files.link(f"/sys/dev/block/{major}:{minor}")
    return "/dev/" + clean(target.rpartition("/")[2].replace("!", "/")) if target else "unknown"


def _seen(root: str, name: str) -> Status:
    """The status as sysfs has it: without the time and state of the superblock."""
    found = Status()
    level = _attribute(root, name, "level")
    if level:
        found.level = integer(level.removeprefix("raid")) if level.startswith("raid") else _LEVELS.get(level)
    found.raid_disks = integer((_attribute(root, name, "raid_disks") or "").partition(" ")[0])
    found.chunk_size = integer((_attribute(root, name, "chunk_size") or "").partition(" ")[0])
    disks = list(_seen_disks(root, name))
    if disks or level:
        found.nr_disks = len(disks)
        found.failed_disks = sum(disk.state & 1 for disk in disks)
        found.working_disks = found.nr_disks - found.failed_disks
        found.active_disks = sum(disk.state >> 2 & 1 for disk in disks)
        found.spare_disks = found.working_disks - found.active_disks
    return found


def _seen_disks(root: str, name: str) -> Iterator[Drive]:
    folder = rooted.path(root, f"/sys/class/block/{name}/md")
    entries = [entry for entry in files.names(folder) if entry.startswith("dev-")]
    for number, entry in enumerate(sorted(entries)[:_MOST]):
        words = (_attribute(root, name, f"{entry}/state") or "").split(",")
        state = 0
        for word in words:
            state |= _SYSFS_STATES.get(word.strip(), 0)
        place = integer(_attribute(root, name, f"{entry}/slot") or "")
        # The number a member had is not told: one beyond the places says that it has none.
        yield Drive(
            _MOST + number, "/dev/" + clean(entry[4:].replace("!", "/")), -1 if place is None else place, state
        )  # fmt: skip


def _attribute(root: str, name: str, attribute: str) -> str | None:
    data = files.read(rooted.path(root, f"/sys/class/block/{name}/md/{attribute}"), 4096)
    return None if data is None else decode(data.strip())
