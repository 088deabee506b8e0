"""What the firmware says about the machine, as the kernel shows it in /sys/class/dmi/id.

The kernel takes the strings from SMBIOS types 1 (system) and 2 (board); serial numbers are for root only.
"""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode


class Hardware:
    """Maker, model, version and serial number of the system or its board; None where nothing is said."""

    __slots__ = ("model", "serial", "vendor", "version")

    def __init__(self, vendor: str | None, model: str | None, version: str | None, serial: str | None) -> None:
        self.vendor = vendor
        self.model = model
        self.version = version
        self.serial = serial


def system(root: str) -> Hardware:
    """The machine as a whole."""
    names = ("sys_vendor", "product_name", "product_version", "product_serial")
    found = Hardware(*(_read(root, name) for name in names))
    if found.vendor and found.vendor.lower() == "lenovo":
        # Lenovo writes the name people know into the version, and a part number into the model.
        found.model, found.version = found.version, found.model
    return found


def board(root: str) -> Hardware:
    """The main board."""
    return Hardware(*(_read(root, name) for name in ("board_vendor", "board_name", "board_version", "board_serial")))


def _read(root: str, name: str) -> str | None:
    data = files.read(rooted.path(root, f"/sys/class/dmi/id/{name}"), 4096)
    return None if data is None else decode(data.split(b"\0", 1)[0].strip())
