"""System V shared memory: /proc/sysvipc/shm, sysvipc(7). The kernel shows every segment there, also to those who may
not read it, which shmctl(2) does not."""

from __future__ import annotations

from leadline.linux import files
from leadline.linux.text import integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

DESTROYED = 0o1000  # SHM_DEST: gone when the last process detaches
LOCKED = 0o2000  # SHM_LOCKED: kept out of swap

_NEEDED = ("shmid", "perms", "size", "cpid", "lpid", "nattch", "uid", "cuid", "atime", "dtime", "ctime")


class Segment:
    """One segment; ``size`` in bytes, times in seconds since 1970, ``mode`` with the flags above."""

    __slots__ = (
        "attached", "attached_at", "changed_at", "creator_pid", "creator_uid", "detached_at", "identifier", "last_pid",
        "mode", "owner_uid", "size",
    )  # fmt: skip

    def __init__(self, values: dict[str, int]) -> None:
        self.identifier = values["shmid"]
        self.mode = values["perms"]
        self.size = values["size"]
        self.creator_pid = values["cpid"]
        self.last_pid = values["lpid"]
        self.attached = values["nattch"]
        self.owner_uid = values["uid"]
        self.creator_uid = values["cuid"]
        self.attached_at = values["atime"]
        self.detached_at = values["dtime"]
        self.changed_at = values["ctime"]


def segments(root: str) -> Iterator[Segment]:
    """The segments of our IPC namespace."""
    yield from parse(files.read(root + "/proc/sysvipc/shm") or b"")


def parse(data: bytes) -> Iterator[Segment]:
    """The segments below the line of column names; lines that lack a value are left out."""
    header, _, rest = data.partition(b"\n")
    names = header.decode("ascii", "replace").split()
    for line in rest.split(b"\n"):
        values = {}
        for name, field in zip(names, line.split(), strict=False):
            number = _octal(field) if name == "perms" else integer(field)
            if number is not None:
                values[name] = number
        if all(name in values for name in _NEEDED):
            yield Segment(values)


def _octal(field: bytes) -> int | None:
    return int(field, 8) if 0 < len(field) < 8 and not field.strip(b"01234567") else None
