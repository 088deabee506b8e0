"""The platform_info table."""

from __future__ import annotations

from leadline.linux import efi, smbios
from leadline.sql.schema import INTEGER, LINUX, MACOS, TEXT, Column, Query, Rows, table


@table(
    "platform_info",
    Column("vendor", TEXT, "Maker of the firmware."),
    Column("version", TEXT, "Version of the firmware.", collate="version"),
    Column("date", TEXT, "Date of its release, as the maker writes it: `MM/DD/YYYY`."),
    Column("revision", TEXT, "Release of the firmware, `major.minor`; NULL when the maker does not number releases."),
    Column("extra", TEXT, "Further information; empty on Linux."),
    Column("firmware_type", TEXT, "`uefi`, or `bios` where the machine was not started by EFI."),
    Column("address", TEXT, "Segment the BIOS starts at, hexadecimal; 0 for UEFI.", platforms=LINUX | MACOS),
    Column("size", TEXT, "Size of the chip that holds the firmware, in bytes.", platforms=LINUX | MACOS),
    Column("volume_size", INTEGER, "Size of the firmware's volume; 0 on Linux.", platforms=LINUX | MACOS),
    platforms=LINUX,
    examples=[
        "SELECT vendor, version, date, firmware_type FROM platform_info",
        "SELECT vendor, version FROM platform_info WHERE version < '2.0'",
    ],
    notes=(
        "From the SMBIOS structure of type 0 in /sys/firmware/dmi/tables, which only root may read; for other users"
        " from /sys/class/dmi/id, without `address` and `size`. Empty on machines whose firmware has no SMBIOS."
    ),
)
def platform_info(query: Query) -> Rows:
    """The firmware that starts the machine; one row."""
    root = query.root
    kind = "uefi" if efi.present(root) else "bios"
    for structure in smbios.structures(root, smbios.FIRMWARE):
        vendor, version, date = structure.text(0x04), structure.text(0x05), structure.text(0x08)
        release = _release(structure.integer(0x14), structure.integer(0x15))
        size = _size(structure.integer(0x09), structure.integer(0x18, 2))
        yield vendor, version, date, release, "", kind, smbios.hexadecimal(structure.integer(0x06, 2), 4), size, 0
        return
    vendor, version, date, release = (smbios.attribute(root, f"bios_{name}") for name in _ATTRIBUTES)
    if vendor or version or date:
        yield vendor, version, date, release, "", kind, None, None, 0


_ATTRIBUTES = ("vendor", "version", "date", "release")


def _release(major: int | None, minor: int | None) -> str | None:
    """255 says that the maker does not number releases (DSP0134, 7.1)."""
    return None if major in (None, 0xFF) or minor in (None, 0xFF) else f"{major}.{minor}"


def _size(blocks: int | None, extended: int | None) -> str | None:
    """Bytes, from the number of blocks of 64 KiB less one; 255 says that a field of its own has the size."""
    if blocks is None:
        return None
    if blocks == 0xFF and extended:
        unit = 30 if extended >> 14 == 1 else 20
        return str((extended & 0x3FFF) << unit)
    return str((blocks + 1) << 16)
