"""Login records: /run/utmp (now) and /var/log/wtmp (ever). Format: utmp(5), struct utmp of glibc's bits/utmp.h."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

USER_PROCESS = 7
DEAD_PROCESS = 8

# type, (padding,) pid, line, (id,) user, host, (exit status, session,) seconds. On 64-bit machines whose 32-bit
# sibling glibc serves too, such as x86_64, session and times have 32 bits; on the others, such as aarch64, 64.
_NARROW = ("=h2xi32s4x32s256s8xI", 384)
_WIDE = ("=h2xi32s4x32s256s4x8xq", 400)
_LIMIT = 256 << 20


class Record:
    """One record; ``seconds`` since 1970, ``type`` a number of utmp(5)."""

    __slots__ = ("host", "line", "pid", "seconds", "type", "user")

    def __init__(self, type: int, pid: int, line: str, user: str, host: str, seconds: int) -> None:
        self.type = type
        self.pid = pid
        self.line = line
        self.user = user
        self.host = host
        self.seconds = seconds


def logins(root: str) -> Iterator[Record]:
    """The records of utmp: who is logged in now."""
    data = files.read(rooted.path(root, "/run/utmp"), _LIMIT)
    if data is None:
        data = files.read(rooted.path(root, "/var/run/utmp"), _LIMIT)
    yield from records(data or b"")


def history(root: str) -> Iterator[Record]:
    """The records of wtmp, the oldest first."""
    yield from records(files.read(rooted.path(root, "/var/log/wtmp"), _LIMIT) or b"")


def records(data: bytes) -> Iterator[Record]:
    """The records of a file in either layout; a piece of one at the end is left out."""
    from struct import Struct

    layout, size = _layout(data)
    unpack = Struct(layout).unpack_from
    for start in range(0, len(data) - size + 1, size):
        type, pid, line, user, host, seconds = unpack(data, start)
        yield Record(type, pid, _text(line), _text(user), _text(host), seconds)


def _layout(data: bytes) -> tuple[str, int]:
    """The layout whose every record starts with a type that exists."""
    for layout, size in (_NARROW, _WIDE):
        types = (data[start : start + 2] for start in range(0, len(data), size))
        if len(data) % size == 0 and all(type[0] <= 9 and type[1:] == b"\0" for type in types):
            return layout, size
    return _NARROW


def _text(field: bytes) -> str:
    return decode(field.split(b"\0", 1)[0])
