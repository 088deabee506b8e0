"""What the firmware says about the machine: SMBIOS, as the kernel shows it under /sys.

The whole table is in /sys/firmware/dmi/tables, for root only; the kernel copies its commonest strings to
/sys/class/dmi/id, where only serial numbers are kept from others. Format: DMTF DSP0134, System Management BIOS
Reference Specification.
"""

from __future__ import annotations

import os

from leadline.linux import files, rooted, smbios_entry
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = "/sys/firmware/dmi/tables/DMI"
ENTRY = "/sys/firmware/dmi/tables/smbios_entry_point"
FIRMWARE, SYSTEM, BOARD, PROCESSOR, OEM_STRINGS = 0, 1, 2, 4, 11
MEMORY_ARRAY, MEMORY_DEVICE, MEMORY_ERROR = 16, 17, 18
MEMORY_ARRAY_ADDRESS, MEMORY_DEVICE_ADDRESS, MEMORY_ERROR_64 = 19, 20, 33

_LARGEST = 1 << 20  # bytes of a table; real ones stay below 64 KiB
_BLANK = b" \t\n\v\f\r"
_PC = ("x86_64", "i686", "i586", "i486", "i386")  # where memory is searched for the table


class Hardware:
    """Maker, model, version and serial number of the system or its board; None where nothing is said."""

    __slots__ = ("model", "serial", "vendor", "version")

    def __init__(self, vendor: str | None, model: str | None, version: str | None, serial: str | None) -> None:
        self.vendor = vendor
        self.model = model
        self.version = version
        self.serial = serial


class Structure:
    """One structure: its place among the others from 0, its type and handle, and its bytes with the strings behind.

    ``length`` is that of the formatted part, which later versions of the format made longer: a field beyond it is
    one that this firmware does not know.
    """

    __slots__ = ("_strings", "data", "handle", "length", "number", "type")

    def __init__(self, number: int, data: bytes) -> None:
        self.number = number
        self.data = data
        self.type = data[0]
        self.length = data[1]
        self.handle = data[2] | data[3] << 8
        self._strings: list[bytes] | None = None

    def integer(self, offset: int, size: int = 1) -> int | None:
        """The unsigned number in ``size`` bytes at the offset; None when the formatted part ends before."""
        end = offset + size
        return int.from_bytes(self.data[offset:end], "little") if end <= self.length else None

    def text(self, offset: int) -> str | None:
        """The string whose number is at the offset; None when there is no such field, "" when it names no string."""
        number = self.integer(offset)
        return None if number is None else self.string(number)

    def string(self, number: int) -> str:
        """The string of a number, counted from 1, without blanks at its end; "" when there is none."""
        if self._strings is None:
            self._strings = self.data[self.length :].split(b"\0", 256)[:255]
        return decode(self._strings[number - 1].rstrip(_BLANK)) if 0 < number <= len(self._strings) else ""


def structures(root: str, *types: int) -> Iterator[Structure]:
    """The structures of the given types, or all, in the order of the table; none when it is missing or forbidden."""
    data = files.read(rooted.path(root, TABLE), _LARGEST)
    if data is None and not root and os.uname().machine in _PC:
        data = smbios_entry.from_memory(_LARGEST)
    for structure in parse(data or b""):
        if not types or structure.type in types:
            yield structure


def parse(data: bytes) -> Iterator[Structure]:
    """The structures of a table, up to one that is broken or the zeros that fill the rest."""
    offset = number = 0
    while offset + 4 <= len(data):
        strings = offset + data[offset + 1]
        if strings < offset + 4 or strings > len(data):
            return
        end = data.find(b"\0\0", strings) + 2
        if end < 2:
            end = len(data)
        yield Structure(number, data[offset:end])
        offset = end
        number += 1


def handle(value: int | None) -> str | None:
    """A handle as text: `0x` and four digits."""
    return hexadecimal(value, 4)


def hexadecimal(value: int | None, digits: int) -> str | None:
    """A number as `0x` and at least ``digits`` digits; None for None."""
    return None if value is None else f"0x{value:0{digits}x}"


def address_range(structure: Structure, wide: int) -> tuple[str | None, str | None]:
    """The addresses that a structure 19 or 20 maps: 8 digits that count KiB, or 12 that count bytes.

    The latter are in fields of their own, at ``wide``, for a range that the first fields have no room for.
    """
    start = structure.integer(0x04, 4)
    if start != 0xFFFFFFFF:
        return hexadecimal(start, 8), hexadecimal(structure.integer(0x08, 4), 8)
    return hexadecimal(structure.integer(wide, 8), 12), hexadecimal(structure.integer(wide + 8, 8), 12)


def system(root: str) -> Hardware:
    """The machine as a whole."""
    names = ("sys_vendor", "product_name", "product_version", "product_serial")
    found = _hardware(root, SYSTEM, names)
    if found.vendor and found.vendor.lower() == "lenovo":
        # Lenovo writes the name people know into the version, and a part number into the model.
        found.model, found.version = found.version, found.model
    return found


def board(root: str) -> Hardware:
    """The main board."""
    names = ("board_vendor", "board_name", "board_version", "board_serial")
    return _hardware(root, BOARD, names)


def uuid(root: str) -> str | None:
    """The system's unique id; None when the firmware has none, or says that it was not set."""
    for structure in structures(root, SYSTEM):
        data = structure.data[0x08:0x18]
        if structure.length < 0x18 or data.strip(b"\xff") == b"" or data.strip(b"\0") == b"":
            return None
        if smbios_entry.version(files.read(rooted.path(root, ENTRY), 64) or b"") >= (2, 6):
            data = data[3::-1] + data[5:3:-1] + data[7:5:-1] + data[8:]
        digits = data.hex()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return None


def _hardware(root: str, type: int, names: tuple[str, str, str, str]) -> Hardware:
    """What the kernel has copied, or where it has not, as in images that hold the table alone, the structure itself."""
    values = [attribute(root, name) for name in names]
    if not any(values):
        for structure in structures(root, type):
            values = [structure.text(offset) for offset in (0x04, 0x05, 0x06, 0x07)]
            break
    return Hardware(*values)


def attribute(root: str, name: str) -> str | None:
    """One of the strings in /sys/class/dmi/id; None when the firmware or the kernel does not say it."""
    data = files.read(rooted.path(root, f"/sys/class/dmi/id/{name}"), 4096)
    return None if data is None else decode(data.split(b"\0", 1)[0].strip())
