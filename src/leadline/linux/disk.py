"""The bytes of a disk, a partition or an image of one, by their place."""

from __future__ import annotations

from leadline.linux.text import clean, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[int, int], bytes]

_HEAD = 0x11000  # bytes at the start that hold the superblocks of most formats


class Disk:
    """What ``read``, a function of offset and length, gives of a device of ``size`` bytes. The start is read once."""

    __slots__ = ("_head", "_read", "size")

    def __init__(self, read: Read, size: int) -> None:
        self._read = read
        self.size = size
        self._head = read(0, min(_HEAD, size))

    def at(self, place: int, length: int) -> bytes:
        """The bytes at a place; fewer where the device ends, none outside of it."""
        if place < 0 or length <= 0:
            return b""
        end = place + length
        return self._head[place:end] if end <= len(self._head) else self._read(place, length)

    def number(self, place: int, length: int, order: str = "little") -> int:
        """The unsigned number at a place, 0 for what lies outside."""
        return int.from_bytes(self.at(place, length), "big" if order == "big" else "little")

    def text(self, place: int, length: int) -> str | None:
        """The text at a place: up to the first NUL, without white space at its end; None when that leaves nothing."""
        return decode(self.at(place, length).split(b"\0", 1)[0].rstrip()) or None

    def wide(self, place: int, length: int, encoding: str = "utf-16-le") -> str | None:
        """The same for text in UTF-16 that takes ``length`` bytes."""
        text = self.at(place, length & ~1).decode(encoding, "replace")
        return clean(text.split("\0", 1)[0].rstrip()) or None

    def uuid(self, place: int) -> str | None:
        """The sixteen bytes at a place as a UUID; None when they are missing or all zero."""
        return hexadecimal(self.at(place, 16))


def hexadecimal(data: bytes) -> str | None:
    """Sixteen bytes as a UUID; None when they are missing or all zero."""
    if len(data) != 16 or not any(data):
        return None
    return cut(data.hex(), 8, 4, 4, 4, 12)


def cut(text: str, *lengths: int) -> str:
    """A text cut in pieces of these lengths, joined by hyphens."""
    pieces, place = [], 0
    for length in lengths:
        pieces.append(text[place : place + length])
        place += length
    return "-".join(pieces)
