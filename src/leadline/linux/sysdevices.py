"""Devices on the PCI and USB buses, from sysfs(5) and udev's database.

The kernel tells a device's properties in its file ``uevent``; udev keeps what its rules add in /run/udev/data.
"""

from __future__ import annotations

import os

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST = 64 << 10


class Device:
    """One device of a bus: its name there and what the kernel tells; udev is asked when its properties are wanted."""

    __slots__ = ("_path", "_root", "_udev", "name", "properties")

    def __init__(self, root: str, path: str, name: str) -> None:
        self.name = decode(os.fsencode(name))
        self._root = root
        self._path = path
        self._udev: dict[str, str] | None = None
        self.properties = _pairs(files.read(self._file("uevent"), _LARGEST) or b"")

    def attribute(self, name: str) -> str | None:
        """The text of one of the device's files, without blanks around it; None when it has no such file."""
        data = files.read(self._file(name), 4096)
        return None if data is None else decode(data.strip())

    def hexadecimal(self, name: str, digits: int) -> str | None:
        """A number from one of the device's files, which are hexadecimal, in lower-case digits without `0x`."""
        try:
            number = int(self.attribute(name) or "", 16)
        except ValueError:
            return None
        return f"{number:0{digits}x}" if 0 <= number < 16**digits else None

    def driver(self) -> str | None:
        """The driver that has the device; None when none has."""
        found = self.properties.get("DRIVER")
        if found is None:
            link = files.link(self._file("driver", follow=False))
            found = decode(os.fsencode(os.path.basename(link))) if link else None
        return found

    def udev(self, key: str) -> str | None:
        """A property that udev's rules gave to the device; None when they did not, or udev does not run."""
        if self._udev is None:
            self._udev = self._database()
        return self._udev.get(key)

    def _database(self) -> dict[str, str]:
        """The record is named after the device's number, or after its bus and name when it has none."""
        major, minor = self.properties.get("MAJOR", ""), self.properties.get("MINOR", "")
        if major.isdigit() and minor.isdigit():
            record = f"c{major}:{minor}"
        else:
            record = f"+{os.path.basename(os.path.dirname(os.path.dirname(self._path)))}:{os.path.basename(self._path)}"
        data = files.read(rooted.path(self._root, f"/run/udev/data/{record}"), _LARGEST) or b""
        return _pairs(b"\n".join(line[2:] for line in data.split(b"\n") if line.startswith(b"E:")))

    def _file(self, name: str, follow: bool = True) -> str:
        return rooted.path(self._root, f"{self._path}/{name}", follow)


def devices(root: str, bus: str) -> Iterator[Device]:
    """The devices of a bus, "pci" or "usb", in the order of their names."""
    directory = f"/sys/bus/{bus}/devices"
    for name in sorted(files.names(rooted.path(root, directory))):
        yield Device(root, f"{directory}/{name}", name)


def _pairs(data: bytes) -> dict[str, str]:
    pairs = {}
    for line in data.split(b"\n"):
        key, sign, value = line.partition(b"=")
        if sign:
            pairs[decode(key)] = decode(value)
    return pairs
