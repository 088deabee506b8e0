"""The firmware's ACPI tables, as the kernel shows them. Source: Documentation/ABI/testing/sysfs-firmware-acpi."""

from __future__ import annotations

import os

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTORY = "/sys/firmware/acpi/tables"

_GROUPS = ("data", "dynamic")  # what tables point to; tables that were loaded while the system ran
_LARGEST = 16 << 20


def tables(root: str) -> Iterator[tuple[str, bytes | None]]:
    """Name and content of each table, the content None when it must not be read; those of a group as `group/name`."""
    for directory, prefix in ((DIRECTORY, ""), *((f"{DIRECTORY}/{group}", f"{group}/") for group in _GROUPS)):
        for name in sorted(files.names(rooted.path(root, directory))):
            path = rooted.path(root, f"{directory}/{name}")
            if os.path.isfile(path):
                yield prefix + decode(os.fsencode(name)), files.read(path, _LARGEST)
