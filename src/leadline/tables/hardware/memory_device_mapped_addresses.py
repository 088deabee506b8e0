"""The memory_device_mapped_addresses table."""

from __future__ import annotations

from leadline.linux import smbios
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "memory_device_mapped_addresses",
    Column("handle", TEXT, "Handle of the structure, hexadecimal."),
    Column("memory_device_handle", TEXT, "Handle of the device, as in `memory_devices`."),
    Column(
        "memory_array_mapped_address_handle",
        TEXT,
        "Handle of the range that this one is part of, as in `memory_array_mapped_addresses`.",
    ),
    Column("starting_address", TEXT, "Where the range begins: hexadecimal, in KiB, with 12 digits in bytes."),
    Column("ending_address", TEXT, "Last KiB of the range, or with 12 digits its last byte."),
    Column("partition_row_position", INTEGER, "Place of the device in a row of memory, from 1; 255 for unknown."),
    Column("interleave_position", INTEGER, "Place in an interleave, from 1; 0 for none, 255 for unknown."),
    Column("interleave_data_depth", INTEGER, "Rows that one interleaved transfer reads; 0 for none, 255 for unknown."),
    platforms=LINUX,
    examples=[
        "SELECT d.device_locator, m.starting_address, m.ending_address FROM memory_device_mapped_addresses AS m "
        "JOIN memory_devices AS d ON d.handle = m.memory_device_handle"
    ],
    notes=(
        "From the SMBIOS structures of type 20 in /sys/firmware/dmi/tables, which only root may read; many machines"
        " have none. Addresses of 8 digits count KiB, those of 12 digits or more bytes."
    ),
)
def memory_device_mapped_addresses(query: Query) -> Rows:
    """Ranges of physical addresses and the memory devices behind them."""
    for structure in smbios.structures(query.root, smbios.MEMORY_DEVICE_ADDRESS):
        yield (
            smbios.handle(structure.handle),
            smbios.handle(structure.integer(0x0C, 2)),
            smbios.handle(structure.integer(0x0E, 2)),
            *smbios.address_range(structure, 0x13),
            structure.integer(0x10),
            structure.integer(0x11),
            structure.integer(0x12),
        )
