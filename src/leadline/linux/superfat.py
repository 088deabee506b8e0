"""The boot sectors of FAT, exFAT and NTFS: type, serial number and label, as blkid(8) names them."""

from __future__ import annotations

from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.linux.disk import Disk

    Found = tuple[str, str | None, str | None]

_LISTED = 64 << 10  # bytes of a root directory that are searched for the label
_CLUSTERS = 64  # of a FAT32 root directory
_ATTRIBUTES = 64  # of a file of NTFS
_NAMES = (b"FAT32   ", b"FAT16   ", b"FAT12   ", b"FAT     ")


def vfat(disk: Disk) -> Found | None:
    """Microsoft's FAT specification; the label is that of the root directory, where systems look for it."""
    if not _is_fat(disk):
        return None
    sector, reserved, tables = disk.number(11, 2), disk.number(14, 2), disk.number(16, 1)
    short = disk.number(22, 2)
    data = (reserved + tables * (short or disk.number(36, 4))) * sector
    if short:
        label = _volume(disk.at(data, min(disk.number(17, 2) * 32, _LISTED)))
    else:
        label = _chained(disk, reserved * sector, data, disk.number(13, 1) * sector)
    return "vfat", _serial(disk.at(39 if short else 67, 4)), label


def exfat(disk: Disk) -> Found | None:
    """Microsoft's exFAT specification."""
    if disk.at(3, 8) != b"EXFAT   ":
        return None
    sector, cluster = disk.number(108, 1), disk.number(108, 1) + disk.number(109, 1)
    label, first = None, disk.number(96, 4)
    if 9 <= sector <= 12 and cluster <= 25 and first >= 2:
        root = (disk.number(88, 4) << sector) + ((first - 2) << cluster)
        for place in range(root, root + min(1 << cluster, _LISTED), 32):
            kind, length = (disk.at(place, 2) + b"\0\0")[:2]
            if kind in (0, 0x83):
                label = disk.wide(place + 2, min(length, 11) * 2) if kind else None
                break
    return "exfat", _serial(disk.at(100, 4)), label


def ntfs(disk: Disk) -> Found | None:
    """NTFS: the label is an attribute of the file $Volume, the fourth record of the master file table."""
    if disk.at(3, 8) != b"NTFS    ":
        return None
    sector, shift, records = disk.number(11, 2), disk.number(13, 1), disk.number(64, 1)
    cluster = sector * shift if shift <= 128 else sector << min(256 - shift, 32)
    record = records * cluster if records < 128 else 1 << min(256 - records, 32)
    label = None
    if sector in (256, 512, 1024, 2048, 4096) and 48 < record <= 65536 and cluster <= 2 << 20:
        label = _named(disk, disk.number(48, 8) * cluster + 3 * record, record)
    return "ntfs", f"{disk.number(72, 8):016X}", label


def _is_fat(disk: Disk) -> bool:
    """Whether the first sector describes a FAT file system that could exist; other boot sectors share its marks."""
    if disk.at(3, 8) in (b"NTFS    ", b"EXFAT   ", b"-FVE-FS-") or len(disk.at(0, 512)) < 512:
        return False
    named = disk.at(82, 5) == b"MSWIN" or disk.at(54, 5) == b"MSDOS" or disk.at(82, 8) == _NAMES[0]
    plain = disk.at(510, 2) == b"\x55\xaa" and disk.number(0, 1) in (0xE9, 0xEB)
    if not named and disk.at(54, 8) not in _NAMES and (not plain or disk.at(54, 4) in (b"JFS ", b"HPFS")):
        return False
    cluster, media = disk.number(13, 1), disk.number(21, 1)
    return (
        disk.number(11, 2) in (512, 1024, 2048, 4096)
        and cluster.bit_count() == 1
        and disk.number(14, 2) > 0
        and disk.number(16, 1) > 0
        and (media >= 0xF8 or media == 0xF0)
        and (disk.number(22, 2) or disk.number(36, 4)) > 0
    )


def _chained(disk: Disk, table: int, data: int, cluster: int) -> str | None:
    """The label in the root directory of a FAT32, which is a chain of clusters."""
    number = disk.number(44, 4)
    for _ in range(_CLUSTERS):
        if not 2 <= number < 0x0FFFFFF7:
            break
        label = _volume(disk.at(data + (number - 2) * cluster, min(cluster, _LISTED)))
        if label:
            return label
        number = disk.number(table + number * 4, 4) & 0x0FFFFFFF
    return None


def _volume(listing: bytes) -> str | None:
    """The entry of a directory that names the volume."""
    for place in range(0, len(listing) - 31, 32):
        entry = listing[place : place + 32]
        if entry[0] == 0:
            break
        # Marked as the volume's name, neither a directory nor a part of a long name, and without a cluster.
        if entry[0] != 0xE5 and entry[11] & 0x18 == 0x08 and entry[11] & 0x3F != 0x0F and not any(entry[20:22]):
            name = b"\xe5" + entry[1:11] if entry[0] == 0x05 else entry[:11]
            return decode(name.split(b"\0", 1)[0].rstrip()) or None
    return None


def _named(disk: Disk, record: int, length: int) -> str | None:
    """The attribute $VOLUME_NAME of a record of the master file table."""
    place, end = record + disk.number(record + 20, 2), record + length
    for _ in range(_ATTRIBUTES if disk.at(record, 4) == b"FILE" else 0):
        type, size = disk.number(place, 4), disk.number(place + 4, 4)
        if type in (0, 0xFFFFFFFF) or size < 24 or place + size > end:
            break
        if type == 0x60 and disk.number(place + 8, 1) == 0:
            return disk.wide(place + disk.number(place + 20, 2), min(disk.number(place + 16, 4), 256))
        place += size
    return None


def _serial(data: bytes) -> str | None:
    text = data[::-1].hex().upper()
    return f"{text[:4]}-{text[4:]}" if len(text) == 8 and any(data) else None
