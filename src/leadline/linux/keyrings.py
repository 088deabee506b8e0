"""Keys that the kernel holds and that we may view: /proc/keys, keyrings(7)."""

from __future__ import annotations

from leadline.linux import files
from leadline.linux.text import decode, integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Key:
    """One key; ``timeout`` and ``permissions`` are the kernel's own text."""

    __slots__ = ("description", "flags", "gid", "permissions", "serial", "timeout", "type", "uid", "usage")

    def __init__(self, texts: tuple[str, str, str, str], numbers: tuple[int | None, ...], type: str, about: str):
        self.serial, self.flags, self.timeout, self.permissions = texts
        self.usage, self.uid, self.gid = numbers
        self.type = type
        self.description = about


def keys(root: str) -> Iterator[Key]:
    """The keys that our process may view."""
    yield from parse(files.read(root + "/proc/keys") or b"")


def parse(data: bytes) -> Iterator[Key]:
    """The keys of lines such as `3f3d1c2a I--Q---     1 perm 3f010000  1000  1000 user      mine: 12`.

    The kernel writes a line break in a description as it is, so what does not start as a key does is left out.
    """
    for line in data.split(b"\n"):
        fields = line.split(None, 8)
        if len(fields) < 8 or len(fields[0]) != 8 or fields[0].strip(b"0123456789abcdef"):
            continue
        serial, flags, usage, timeout, permissions, uid, gid, type, *about = fields
        texts = decode(serial), decode(flags), decode(timeout), decode(permissions)
        # A key that is owned by nobody in particular has gid -1.
        numbers = integer(usage), _owner(uid), _owner(gid)
        yield Key(texts, numbers, decode(type), decode(about[0].rstrip()) if about else "")


def _owner(field: bytes) -> int | None:
    return -1 if field == b"-1" else integer(field)
