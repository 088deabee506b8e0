"""Mounted file systems and how full they are.

Asking a file system whose server is gone can take for ever, in a call that nothing interrupts. So the question is
put in a thread of its own, waited for a moment, and not put again while the thread is still stuck.
"""

from __future__ import annotations

import os

from leadline.linux import files
from leadline.linux.text import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 2.0

# Served by the kernel's own memory or disks: these answer at once and are asked without a thread.
LOCAL = frozenset(
    (
        "bpf", "btrfs", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs", "ext2", "ext3",
        "ext4", "f2fs", "fusectl", "hugetlbfs", "iso9660", "mqueue", "proc", "pstore", "ramfs", "rootfs", "securityfs",
        "squashfs", "sysfs", "tmpfs", "tracefs", "vfat", "xfs", "zfs",
    )
)  # fmt: skip

_stuck: set[str] = set()  # mount points that did not answer in time and have not answered since


def entries(root: str) -> Iterator[tuple[str, str, str, str]]:
    """The mounts as our process sees them: device, path, type, options; bytes that are no UTF-8 surrogate-escaped."""
    for line in (files.read(root + "/proc/mounts") or b"").split(b"\n"):
        fields = line.split(b" ")
        if len(fields) >= 4:
            device, path, type, options = (os.fsdecode(_unescape(field)) for field in fields[:4])
            yield device, path, type, options


def _unescape(field: bytes) -> bytes:
    """Undo getmntent(3)'s escapes: a backslash and three octal digits."""
    first, *rest = field.split(b"\\")
    plain = bytearray(first)
    for part in rest:
        octal = part[:3]
        if len(octal) == 3 and not octal.strip(b"01234567"):
            plain.append(int(octal, 8) & 0xFF)
            plain += part[3:]
        else:
            plain += b"\\" + part
    return bytes(plain)


def alias(device: str) -> str:
    """The device's own name when it was mounted by a link to it, such as /dev/mapper/root; otherwise as it is."""
    if not device.startswith("/"):
        return clean(device)
    try:
        return clean(os.path.realpath(device, strict=True))
    except OSError:
        return clean(device)


def usage(path: str, type: str) -> os.statvfs_result | None:
    """What statvfs(3) says of the file system at a path; None when it may not be asked or does not answer.

    An automount point is not asked: that would mount it.
    """
    if type == "autofs":
        return None
    if type in LOCAL:
        return _statvfs(path)
    if path in _stuck:
        return None
    return _statvfs_bounded(path)


def _statvfs(path: str) -> os.statvfs_result | None:
    try:
        return os.statvfs(path)
    except OSError:  # not readable, gone, or stale (ESTALE, EIO, EHOSTDOWN, ENOTCONN …)
        return None


def _statvfs_bounded(path: str) -> os.statvfs_result | None:
    from _thread import allocate_lock, start_new_thread

    answer: list[os.statvfs_result | None] = []
    done = allocate_lock()
    done.acquire()

    def ask() -> None:
        answer.append(_statvfs(path))
        _stuck.discard(path)
        done.release()

    start_new_thread(ask, ())
    if not done.acquire(timeout=SECONDS):
        _stuck.add(path)
        if answer:  # it came this moment, and the thread may have left already
            _stuck.discard(path)
    return answer[0] if answer else None
