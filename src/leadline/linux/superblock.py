"""What a disk or partition holds: type, UUID and label by its superblock, as blkid(8) names them.

The formats are those of libblkid's probes and of the headers they cite. Members of arrays, volume groups and encrypted
containers come first, since a file system may still show behind what they put over it. What looks like two file
systems at once is told as none.
"""

from __future__ import annotations

from leadline.linux import superfat
from leadline.linux.disk import cut, hexadecimal
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from leadline.linux.disk import Disk

    Found = tuple[str, str | None, str | None]
    Probe = Callable[[Disk], Found | None]

_RAID = 0xA92B4EFC
_PAGES = (4096, 8192, 16384, 32768, 65536)


def probe(disk: Disk) -> Found | None:
    """Type, UUID and label of what lies on a disk; None when no format is recognised, or more than one."""
    for member in _MEMBERS:
        found = member(disk)
        if found:
            return found
    systems = [found for system in _SYSTEMS if (found := system(disk))]
    # Boot sectors are written before other file systems too, and a CD's may be one: they count where they are alone.
    strong = [found for found in systems if found[0] not in ("vfat", "iso9660")] or systems
    return strong[0] if len(strong) == 1 else None


def _raid(disk: Disk) -> Found | None:
    """md(4): the superblock of version 1 at one of three places, that of 0.90 near the end; linux/raid/md_p.h."""
    for place in (0, 4096, (disk.size - 8192) & ~4095):
        if (
            disk.number(place, 4) == _RAID
            and disk.number(place + 4, 4) == 1
            and disk.number(place + 144, 8) == place >> 9
        ):
            return "linux_raid_member", disk.uuid(place + 16), disk.text(place + 32, 32)
    place = (disk.size & ~0xFFFF) - 0x10000
    for order in ("little", "big"):
        magic, version, *identity = (disk.number(place + word * 4, 4, order) for word in (0, 1, 5, 13, 14, 15))
        if magic == _RAID and version == 0:
            return "linux_raid_member", hexadecimal(b"".join(word.to_bytes(4, "big") for word in identity)), None
    return None


def _lvm(disk: Disk) -> Found | None:
    """A physical volume: its label is in one of the first four sectors; lib/format_text/layout.h of LVM2."""
    for place in range(0, 2048, 512):
        if disk.at(place, 8) != b"LABELONE" or disk.at(place + 24, 8) != b"LVM2 001":
            continue
        name = decode(disk.at(place + disk.number(place + 20, 4), 32))
        if disk.number(place + 8, 8) == place >> 9 and len(name) == 32 and name.isalnum():
            return "LVM2_member", cut(name, 6, 4, 4, 4, 4, 4, 6), None
    return None


def _luks(disk: Disk) -> Found | None:
    version = disk.number(6, 2, "big")
    if disk.at(0, 6) != b"LUKS\xba\xbe" or version not in (1, 2):
        return None
    return "crypto_LUKS", disk.text(168, 40), disk.text(24, 48) if version == 2 else None


def _bitlocker(disk: Disk) -> Found | None:
    return ("BitLocker", None, None) if disk.at(3, 8) == b"-FVE-FS-" else None


def _ext(disk: Disk) -> Found | None:
    """fs/ext4/ext4.h. Which of the family it is, the features decide that the older ones do not know."""
    if disk.at(1080, 2) != b"\x53\xef":
        return None
    compatible, incompatible, readable = (disk.number(place, 4) for place in (1116, 1120, 1124))
    if incompatible & 0x8:  # a journal of its own
        type = "jbd"
    elif readable & ~0x7 or incompatible & ~0x16:
        type = "ext4"
    else:
        type = "ext3" if compatible & 0x4 else "ext2"
    return type, disk.uuid(1128), disk.text(1144, 16)


def _xfs(disk: Disk) -> Found | None:
    """fs/xfs/libxfs/xfs_format.h."""
    if disk.at(0, 4) != b"XFSB" or disk.number(102, 2, "big") not in (512, 1024, 2048, 4096, 8192, 16384, 32768):
        return None
    return "xfs", disk.uuid(32), disk.text(108, 12)


def _btrfs(disk: Disk) -> Found | None:
    """include/uapi/linux/btrfs_tree.h; the superblock lies at 64 KiB."""
    if disk.at(0x10040, 8) != b"_BHRfS_M":
        return None
    return "btrfs", disk.uuid(0x10020), disk.text(0x1012B, 256)


def _swap(disk: Disk) -> Found | None:
    """include/linux/swap.h: the signature ends the first page, however large a page is."""
    for page in _PAGES:
        mark = disk.at(page - 10, 10)
        if mark in (b"SWAPSPACE2", b"SWAP-SPACE"):
            return "swap", disk.uuid(1036), disk.text(1052, 16)
        if mark[:9] in (b"S1SUSPEND", b"S2SUSPEND", b"ULSUSPEND") or mark == b"LINHIB0001":
            return "swsuspend", disk.uuid(1036), disk.text(1052, 16)
    return None


def _squashfs(disk: Disk) -> Found | None:
    """fs/squashfs/squashfs_fs.h; no UUID and no label."""
    order = {b"hsqs": "little", b"sqsh": "big"}.get(disk.at(0, 4))
    if order is None:
        return None
    return "squashfs" if disk.number(28, 2, order) >= 4 else "squashfs3", None, None


def _erofs(disk: Disk) -> Found | None:
    """fs/erofs/erofs_fs.h."""
    if disk.number(1024, 4) != 0xE0F5E1E2:
        return None
    return "erofs", disk.uuid(1072), disk.text(1088, 16)


def _f2fs(disk: Disk) -> Found | None:
    """include/linux/f2fs_fs.h."""
    if disk.number(1024, 4) != 0xF2F52010:
        return None
    return "f2fs", disk.uuid(1132), disk.wide(1148, 1024)


def _iso9660(disk: Disk) -> Found | None:
    """ECMA-119, and Joliet's descriptor, whose label keeps the case. The UUID is a date: that of the last change, else
    that of the creation."""
    label, date = None, None
    for place in range(0x8000, 0x10000, 2048):
        kind = disk.number(place, 1)
        if disk.at(place + 1, 5) != b"CD001" or kind == 255:
            break
        if kind == 1 and date is None:
            label = disk.text(place + 40, 32)
            dates = disk.at(place + 830, 16), disk.at(place + 813, 16)
            date = next((one for one in dates if one.strip(b"0\0 ")), b"")
        elif kind == 2 and disk.at(place + 88, 2) == b"%/":
            label = _merged(label or "", disk.wide(place + 40, 32, "utf-16-be") or "")
    if date is None:
        return None
    return "iso9660", cut(date.decode(), 4, 2, 2, 2, 2, 2, 2) if len(date) == 16 and date.isdigit() else None, label


def _merged(label: str, joliet: str) -> str | None:
    """Joliet's label, which is cut after sixteen characters, with what the other one goes on with."""
    if label[: len(joliet)].upper() == joliet.upper():
        joliet += label[len(joliet) :]
    return joliet or label or None


_MEMBERS: tuple[Probe, ...] = (_raid, _lvm, _luks, _bitlocker)
_SYSTEMS: tuple[Probe, ...] = (
    superfat.vfat, superfat.exfat, superfat.ntfs, _ext, _xfs, _btrfs, _swap, _squashfs, _erofs, _f2fs, _iso9660,
)  # fmt: skip
