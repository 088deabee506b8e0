"""The memory_array_mapped_addresses table."""

from __future__ import annotations

from leadline.linux import smbios
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "memory_array_mapped_addresses",
    Column("handle", TEXT, "Handle of the structure, hexadecimal."),
    Column("memory_array_handle", TEXT, "Handle of the array, as in `memory_arrays`."),
    Column("starting_address", TEXT, "Where the range begins: hexadecimal, in KiB, with 12 digits in bytes."),
    Column("ending_address", TEXT, "Last KiB of the range, or with 12 digits its last byte."),
    Column("partition_width", INTEGER, "Devices that make up one row of memory."),
    platforms=LINUX,
    examples=["SELECT memory_array_handle, starting_address, ending_address FROM memory_array_mapped_addresses"],
    notes=(
        "From the SMBIOS structures of type 19 in /sys/firmware/dmi/tables, which only root may read. Addresses of 8"
        " digits count KiB; those of 12 digits or more, from the wider fields of SMBIOS 2.7, count bytes."
    ),
)
def memory_array_mapped_addresses(query: Query) -> Rows:
    """Ranges of physical addresses and the memory arrays behind them."""
    for structure in smbios.structures(query.root, smbios.MEMORY_ARRAY_ADDRESS):
        start, end = smbios.address_range(structure, 0x0F)
        array = smbios.handle(structure.integer(0x0C, 2))
        yield smbios.handle(structure.handle), array, start, end, structure.integer(0x0E)
