"""The names of PCI and USB vendors, devices and classes. Format: pci.ids(5), usb.ids of the same shape.

The files have tens of thousands of lines and a machine has a few devices: only what is asked for is searched, in the
bytes of the file.
"""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

_DIRECTORIES = ("/usr/share/misc", "/usr/share/hwdata", "/usr/share")
_LARGEST = 16 << 20


class Block:
    """An entry and the more indented lines behind it, as a piece of the file."""

    __slots__ = ("end", "name", "start")

    def __init__(self, name: str, start: int, end: int) -> None:
        self.name = name
        self.start = start
        self.end = end


class Names:
    """The names in one file, which is read when the first of them is asked for. Ids are lower-case digits."""

    def __init__(self, root: str, bus: str) -> None:
        """``bus`` is "pci" or "usb"."""
        self._root = root
        self._file = f"{bus}.ids"
        self._data: bytes | None = None
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
        line = _line_end(data, found + len(mark))
        return Block(decode(data[found + len(mark) : line].strip()), line, _block_end(data, line, depth, within.end))

    def _contents(self) -> bytes:
        if self._data is None:
            for directory in _DIRECTORIES:
                data = files.read(rooted.path(self._root, f"{directory}/{self._file}"), _LARGEST)
                if data:
                    break
            self._data = b"\n" + (data or b"")
        return self._data


def _line_end(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return len(data) if end < 0 else end


def _block_end(data: bytes, end: int, depth: int, limit: int) -> int:
    """Where the lines stop that are indented deeper than ``depth``; comments and empty lines do not count."""
    deeper = b"\t" * (depth + 1)
    while end < limit:
        if not data.startswith((deeper, b"#", b"\n"), end + 1):
            return end
        end = _line_end(data, end + 1)
    return limit
