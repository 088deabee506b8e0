"""Block devices: what sysfs tells of them, what udev noted, and what lies on them.

Documentation/ABI/stable/sysfs-block of the kernel; udev's database is /run/udev/data, a file for each device.
"""

from __future__ import annotations

import os
import stat

from leadline.linux import files, rooted
from leadline.linux.disk import Disk
from leadline.linux.text import clean, decode, integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.linux.luks import Header

_FOLDER = "/sys/class/block"
_SHORT = 4096
_DEPTH = 16  # devices below a device that are looked at
_VENDOR = ("device/vendor", "device/device/vendor")
_SERIAL = ("device/wwid", "device/serial", "serial")

# cryptsetup's names for what its mappings encrypt with; it maps for integrity and verity too.
_ENCRYPTIONS = frozenset(("PLAIN", "LUKS1", "LUKS2", "LOOPAES", "TCRYPT", "BITLK", "FVAULT2"))


class Device:
    """One block device. ``name`` is its path in /dev, ``parents`` the disk of a partition or the devices that a
    mapping is made of, ``folder`` its directory in sysfs, ``number`` its device number as `major:minor`."""

    __slots__ = ("folder", "name", "number", "parents")

    def __init__(self, name: str, folder: str, number: str, parents: list[str]) -> None:
        self.name = name
        self.folder = folder
        self.number = number
        self.parents = parents


def devices(root: str) -> dict[str, Device]:
    """The block devices by name, sorted."""
    found = {}
    folder = rooted.path(root, _FOLDER)
    for entry in sorted(files.names(folder)):
        place = rooted.path(root, f"{_FOLDER}/{entry}")
        number = _text(f"{place}/dev")
        if number is None:
            continue
        name = _name(entry)
        found[name] = Device(name, place, number, _parents(root, entry, place))
    return found


def _name(entry: str) -> str:
    """The path of a device: sysfs has `!` for `/`."""
    return "/dev/" + clean(entry.replace("!", "/"))


def _parents(root: str, entry: str, place: str) -> list[str]:
    if os.path.exists(f"{place}/partition"):
        target = os.path.realpath(place) if not root else rooted.path(root, f"{_FOLDER}/{entry}")
        return [_name(target.split("/")[-2])]
    return [_name(one) for one in sorted(files.names(f"{place}/slaves"))]


def size(device: Device) -> int | None:
    """The size in sectors of 512 bytes, whatever the device's own sectors are."""
    return integer(_text(f"{device.folder}/size") or "")


def block_size(device: Device, known: dict[str, Device]) -> int | None:
    """The bytes in a logical block; a partition has its disk's."""
    for one in _upwards(device, known):
        found = integer(_text(f"{one.folder}/queue/logical_block_size") or "")
        if found is not None:
            return found
    return None


def identity(root: str, device: Device, known: dict[str, Device]) -> tuple[str | None, str | None, str | None]:
    """Vendor, model and serial number: the device's, or of the device it is a part of."""
    vendor = model = serial = None
    for one in _upwards(device, known):
        vendor = vendor or _first(one, _VENDOR)
        model = model or _first(one, ("device/model",))
        serial = serial or _first(one, _SERIAL)
        if not (vendor and model and serial):
            noted = udev(root, one.number)
            vendor = vendor or noted.get("ID_VENDOR")
            model = model or noted.get("ID_MODEL")
            serial = serial or noted.get("ID_SERIAL_SHORT")
    return vendor, model, serial


def _upwards(device: Device, known: dict[str, Device]) -> Iterator[Device]:
    """The device, then what it is a part of, and so on."""
    one: Device | None = device
    for _ in range(_DEPTH):
        if one is None:
            break
        yield one
        one = known.get(one.parents[0]) if one.parents else None


def content(root: str, device: Device) -> tuple[str | None, str | None, str | None]:
    """Type, UUID and label of what lies on a device: read from it, or without the right to do so as udev noted."""
    from leadline.linux import superblock

    descriptor = _opened(root, device)
    if descriptor is None:
        noted = udev(root, device.number)
        return noted.get("ID_FS_TYPE"), noted.get("ID_FS_UUID"), noted.get("ID_FS_LABEL")
    try:
        return superblock.probe(disk(descriptor)) or (None, None, None)
    finally:
        os.close(descriptor)


def mapping(device: Device) -> str | None:
    """What cryptsetup(8) encrypts a mapped device with, such as `LUKS2`; None when it is none of its mappings.

    The device mapper keeps a name for each: `CRYPT-TYPE-…`.
    """
    parts = (_text(f"{device.folder}/dm/uuid") or "").split("-", 2)
    return parts[1] if parts[0] == "CRYPT" and len(parts) > 1 and parts[1] in _ENCRYPTIONS else None


def container(root: str, device: Device, known: dict[str, Device]) -> Header | None:
    """The LUKS header on one of the devices that a mapping is made of, or on what they are made of in turn."""
    from leadline.linux import luks

    waiting = list(device.parents)
    for _ in range(_DEPTH):
        one = known.get(waiting.pop(0)) if waiting else None
        if one is None:
            break
        waiting.extend(one.parents)
        descriptor = _opened(root, one)
        if descriptor is None:
            continue
        try:
            found = luks.header(disk(descriptor))
        finally:
            os.close(descriptor)
        if found:
            return found
    return None


def _opened(root: str, device: Device) -> int | None:
    """A descriptor of a device, or below another root of the regular file in its place: a device there would be ours.

    None when it may not be read, or is another device than sysfs says.
    """
    try:
        descriptor = os.open(rooted.path(root, device.name), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (OSError, ValueError):
        return None
    status = os.fstat(descriptor)
    number = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    if stat.S_ISREG(status.st_mode) if root else stat.S_ISBLK(status.st_mode) and number == device.number:
        return descriptor
    os.close(descriptor)
    return None


def disk(descriptor: int) -> Disk:
    """The bytes of an open device or image, none where it cannot be read."""

    def read(offset: int, length: int) -> bytes:
        try:
            return os.pread(descriptor, length, offset)
        except (OSError, OverflowError):  # a bad sector, no medium; a place beyond what an offset can say
            return b""

    try:
        return Disk(read, os.lseek(descriptor, 0, os.SEEK_END))
    except OSError:
        return Disk(read, 0)


def udev(root: str, number: str) -> dict[str, str]:
    """The properties that udev noted for a device."""
    found = {}
    for line in (files.read(rooted.path(root, f"/run/udev/data/b{number}"), 1 << 20) or b"").split(b"\n"):
        key, equals, value = line.partition(b"=")
        if equals and key[:2] == b"E:":
            found[decode(key[2:])] = decode(value)
    return found


def _first(device: Device, names: tuple[str, ...]) -> str | None:
    return next((found for name in names if (found := _text(f"{device.folder}/{name}"))), None)


def _text(path: str) -> str | None:
    data = files.read(path, _SHORT)
    return None if data is None else decode(data.strip(b"\n\t \0"))
