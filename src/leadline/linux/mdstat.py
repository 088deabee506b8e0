"""The kernel's summary of its software RAID arrays: /proc/mdstat, md(4)."""

from __future__ import annotations

from leadline.linux import files
from leadline.linux.text import decode, integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Action = tuple[str | None, str | None, str | None]

ACTIONS = ("recovery", "resync", "reshape", "check")
_NONE = (None, None, None)
_LIMIT = 4 << 20


class Array:
    """One array. ``size`` is in KiB; ``actions`` holds for each running one of ACTIONS its progress, the time it will
    take and its speed; ``bitmap`` the pages in memory, the bytes for each bit, and an external file."""

    __slots__ = ("actions", "bitmap", "name", "other", "size", "status")

    def __init__(self, name: str, status: str | None) -> None:
        self.name = name
        self.status = status
        self.size: int | None = None
        self.other = ""
        self.actions: dict[str, Action] = {}
        self.bitmap: Action = _NONE


class Summary:
    """What the file says: the levels the kernel can do, its arrays, and devices that wait for one."""

    __slots__ = ("arrays", "personalities", "unused")

    def __init__(self) -> None:
        self.personalities: list[str] = []
        self.arrays: list[Array] = []
        self.unused: str | None = None


def summary(root: str) -> Summary:
    """The summary; empty where the kernel has no software RAID."""
    return parse(files.read(root + "/proc/mdstat", _LIMIT) or b"")


def parse(data: bytes) -> Summary:
    """The summary in the file's text; lines that are not understood are left out."""
    found = Summary()
    array: Array | None = None
    for line in decode(data).split("\n"):
        words = line.split()
        if not words:
            continue
        if not line[0].isspace():
            array = None
            head, colon, rest = line.partition(":")
            name = head.strip()
            if name == "Personalities":
                found.personalities = [word[1:-1] for word in rest.split() if word[0] == "[" and word[-1] == "]"]
            elif name == "unused devices":
                found.unused = rest.strip()
            elif colon and name and not set("/\0") & set(name):
                # md0 : active (auto-read-only) raid1 sdb1[1] sda1[0](F); leadline.linux.md knows more of the members
                array = Array(name, next(iter(rest.split()), None))
                found.arrays.append(array)
        elif array:
            _detail(array, line.strip(), words)
    return found


def _detail(array: Array, line: str, words: Sequence[str]) -> None:
    """One of the lines below it."""
    if len(words) > 1 and words[1] == "blocks":
        array.size = integer(words[0])
        rest = list(words[2:])
        while rest and rest[-1][0] == "[" and rest[-1][-1] == "]":  # [members/working] and [UU_]
            rest.pop()
        array.other = " ".join(rest)
    elif words[0] == "bitmap:":
        array.bitmap = _bitmap(line[len("bitmap:") :])
    else:
        for action in ACTIONS:
            _, equals, rest_of_line = line.partition(f"{action} =")
            if equals:
                array.actions[action] = _progress(rest_of_line)
            elif f"{action}=" in line:  # waiting: resync=DELAYED
                array.actions[action] = (line.partition(f"{action}=")[2].strip(), None, None)


def _bitmap(text: str) -> Action:
    """`0/3 pages [0KB], 65536KB chunk, file: /var/md0.bitmap`."""
    parts = [part.strip() for part in text.split(",", 2)]
    if len(parts) < 2:
        return _NONE
    place = parts[2].partition("file:")[2].strip() if len(parts) > 2 else ""
    return parts[0], parts[1], place or None


def _progress(text: str) -> Action:
    """`12.6% (37043392/292945152) finish=127.5min speed=33440K/sec`."""
    words = text.split()
    finish = next((word.removeprefix("finish=") for word in words if word.startswith("finish=")), None)
    speed = next((word.removeprefix("speed=") for word in words if word.startswith("speed=")), None)
    return " ".join(word for word in words if "=" not in word) or None, finish, speed
