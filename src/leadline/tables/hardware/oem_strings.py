"""The oem_strings table."""

from __future__ import annotations

from leadline.linux import smbios
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "oem_strings",
    Column("handle", TEXT, "Handle of the structure, hexadecimal."),
    Column("number", INTEGER, "Number of the string in its structure, from 1."),
    Column("value", TEXT, "The string."),
    platforms=LINUX,
    examples=["SELECT number, value FROM oem_strings", "SELECT value FROM oem_strings WHERE value LIKE 'Dell%'"],
    notes=(
        "From the SMBIOS structures of type 11 in /sys/firmware/dmi/tables, which only root may read. What the strings"
        " mean is up to the maker; hypervisors pass values to their guests in them."
    ),
)
def oem_strings(query: Query) -> Rows:
    """Strings that the maker of the machine has put into its firmware."""
    for structure in smbios.structures(query.root, smbios.OEM_STRINGS):
        handle = smbios.handle(structure.handle)
        for number in range(1, (structure.integer(0x04) or 0) + 1):
            yield handle, number, structure.string(number)
