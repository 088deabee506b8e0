"""The IPv4 neighbours as /proc/net/arp lists them; arp(7), proc(5)."""

from __future__ import annotations

from leadline.linux import files
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PERMANENT = 0x04  # ATF_PERM of linux/if_arp.h


def entries(root: str) -> Iterator[tuple[str, str, str, bool]]:
    """Each entry's IP address, hardware address, interface and whether it is permanent."""
    for line in (files.read(root + "/proc/net/arp") or b"").split(b"\n")[1:]:
        fields = line.split()  # address, hardware type, flags, hardware address, mask, device
        if len(fields) != 6:
            continue
        try:
            permanent = bool(int(fields[2], 16) & PERMANENT)
        except ValueError:
            continue
        yield decode(fields[0]), decode(fields[3]), decode(fields[5]), permanent
