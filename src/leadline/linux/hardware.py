"""What of a machine is not copied with its disk: addresses of network cards, serial numbers of disks.

Only of real devices: what software makes up (bridges, veth pairs, loop devices) differs from start to start.
https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-class-net, sysfs-block
"""

from __future__ import annotations

import os
import re

from leadline.linux import files, rooted

_PERMANENT = "0"  # addr_assign_type: the address is the card's own, neither random nor set by a program
_SERIALS = ("serial", "device/serial", "wwid", "device/wwid")
# Serial numbers that an emulator gives to the disks of every machine.
_EVERYBODYS = re.compile(r"QM0*\d+$|QEMU|drive-|^0+$", re.IGNORECASE)


def addresses(root: str) -> list[str]:
    """The own addresses of the network cards, in alphabetical order."""
    found = set()
    for name in _names(root, "/sys/class/net"):
        place = rooted.path(root, f"/sys/class/net/{name}")
        if not os.path.exists(f"{place}/device") or _text(f"{place}/addr_assign_type") not in (_PERMANENT, ""):
            continue
        # A card in a bond shows the bond's address as its own.
        address = _text(f"{place}/bonding_slave/perm_hwaddr") or _text(f"{place}/address")
        if address.strip("0:"):
            found.add(address.lower())
    return sorted(found)


def disks(root: str) -> list[str]:
    """The serial numbers of the disks that are built in, in alphabetical order."""
    found = set()
    for name in _names(root, "/sys/block"):
        place = rooted.path(root, f"/sys/block/{name}")
        if _text(f"{place}/removable") == "1":
            continue
        serial = next((text for text in (_text(f"{place}/{file}") for file in _SERIALS) if text), "")
        if serial and not _EVERYBODYS.search(serial):
            found.add(serial)
    return sorted(found)


def _names(root: str, directory: str) -> list[str]:
    try:
        return sorted(os.listdir(rooted.path(root, directory)))
    except OSError:
        return []


def _text(path: str) -> str:
    return (files.read(path, 256) or b"").decode("utf-8", "replace").strip()
