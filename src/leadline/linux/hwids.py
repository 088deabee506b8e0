"""The names of PCI and USB vendors, devices and classes. Format: pci.ids(5), usb.ids of the same shape.

The files have tens of thousands of lines and a machine has a few devices: only what is asked for is searched, in the
bytes of the file.
"""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

_DIRECTORIES = ("/usr/share/misc", "/usr/share/hwdata", "/usr/share")
_LARGEST = 4 << 20
_TAB = 9
_NEITHER = b"#\n"


class Block:
    """An entry and the more indented lines behind it, as a piece of the file."""

    __slots__ = ("end", "name", "start")

    def __init__(self, name: str, start: int, end: int) -> None:
        self.name = name
        self.start = start
        self.end = end


class Names:
    """The names in one file, which is read when the first of them is asked for. Ids are lower-case digits."""

    def __init__(self, root: str, bus: str, wanted: bool = True) -> None:
        """``bus`` is "pci" or "usb". When names are not wanted nothing has one, and the file is left alone."""
        self._root = root
        self._file = f"{bus}.ids"
        self._data: bytes | None = None if wanted else b""
        self._vendors: dict[str, Block | None] = {}

    def vendor(self, vendor: str) -> str | None:
        """The name of a vendor by its four digits."""
        block = self._vendor(vendor)
        return block.name if block else None

    def device(self, vendor: str, device: str) -> str | None:
        """The name of a device by its vendor's and its own four digits."""
        block = self._find(self._vendor(vendor), device, 1)
        return block.name if block else None

    def subsystem(self, vendor: str, device: str, subvendor: str, subdevice: str) -> str | None:
        """The name of a card that a device is built into."""
        block = self._find(self._find(self._vendor(vendor), device, 1), f"{subvendor} {subdevice}", 2)
        return block.name if block else None

    def kind(self, kind: str) -> str | None:
        """The name of a class by its two digits."""
        block = self._vendor(f"C {kind}")
        return block.name if block else None

    def subkind(self, kind: str, subkind: str) -> str | None:
        """The name of a subclass by the class's and its own two digits."""
        block = self._find(self._vendor(f"C {kind}"), subkind, 1)
        return block.name if block else None

    def _vendor(self, key: str) -> Block | None:
        if key not in self._vendors:
            self._vendors[key] = self._find(Block("", 0, len(self._contents())), key, 0)
        return self._vendors[key]

    def _find(self, within: Block | None, key: str, depth: int) -> Block | None:
        """The entry of an id among the lines of a depth of indentation."""
        if within is None:
            return None
        data = self._contents()
        mark = b"\n" + b"\t" * depth + key.encode() + b"  "
        found = data.find(mark, within.start, within.end)
        if found < 0:
            return None
        line = data.find(b"\n", found + len(mark))
        if line < 0:
            line = len(data)
        end = _block_end(data, line, depth, within.end) if depth < 2 else line
        return Block(decode(data[found + len(mark) : line].strip()), line, end)

    def _contents(self) -> bytes:
        if self._data is None:
            for directory in _DIRECTORIES:
                data = files.read(rooted.path(self._root, f"{directory}/{self._file}"), _LARGEST)
                if data:
                    break
            self._data = b"\n" + (data or b"")
        return self._data


def _block_end(data: bytes, start: int, depth: int, limit: int) -> int:
    """Where the lines stop that are indented deeper than ``depth``, 0 or 1; comments and empty lines do not count.

    A large vendor has thousands of lines: this loop is most of the time that a name takes.
    """
    find = data.find
    newline = find(b"\n", start, limit)
    while 0 <= newline < limit - 2:
        first = data[newline + 1]
        if first == _TAB:
            if depth and data[newline + 2] != _TAB:
                return newline
        elif first not in _NEITHER:
            return newline
        newline = find(b"\n", newline + 1, limit)
    return limit
