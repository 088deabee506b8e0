"""The memory_error_info table."""

from __future__ import annotations

from leadline.linux import smbios, smbios_names
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table


@table(
    "memory_error_info",
    Column("handle", TEXT, "Handle of the structure, hexadecimal."),
    Column("error_type", TEXT, "Kind of error, such as `Corrected single-bit error`; `OK` for none."),
    Column("error_granularity", TEXT, "How closely the error is located: device or partition."),
    Column("error_operation", TEXT, "What was done when the error came up: read, write or partial write."),
    Column("vendor_syndrome", TEXT, "ECC syndrome or CRC of the access, hexadecimal."),
    Column("memory_array_error_address", TEXT, "Address of the error on the bus of the array, hexadecimal."),
    Column("device_error_address", TEXT, "Address of the error from the device's beginning, hexadecimal."),
    Column("error_resolution", TEXT, "Bytes within which the error lies, hexadecimal."),
    platforms=LINUX,
    examples=[
        "SELECT handle, error_type, device_error_address FROM memory_error_info WHERE error_type <> 'OK'",
        "SELECT a.handle, e.error_type FROM memory_arrays AS a "
        "JOIN memory_error_info AS e ON e.handle = a.memory_error_info_handle",
    ],
    notes=(
        "From the SMBIOS structures of type 18, and of type 33 with addresses of 16 digits, in"
        " /sys/firmware/dmi/tables, which only root may read. What was not recorded is NULL; most machines keep no"
        " such structures."
    ),
)
def memory_error_info(query: Query) -> Rows:
    """Errors of memory arrays and devices that the firmware recorded."""
    for structure in smbios.structures(query.root, smbios.MEMORY_ERROR, smbios.MEMORY_ERROR_64):
        wide = structure.type == smbios.MEMORY_ERROR_64
        size, resolution = (8, 0x1B) if wide else (4, 0x13)
        unknown = 1 << (size * 8 - 1)
        array, device = structure.integer(0x0B, size), structure.integer(0x0B + size, size)
        within = structure.integer(resolution, 4)
        yield (
            smbios.handle(structure.handle),
            smbios_names.name(smbios_names.ERROR_TYPES, structure.integer(0x04)),
            smbios_names.name(smbios_names.ERROR_GRANULARITIES, structure.integer(0x05)),
            smbios_names.name(smbios_names.ERROR_OPERATIONS, structure.integer(0x06)),
            smbios.hexadecimal(structure.integer(0x07, 4) or None, 8),
            None if array == unknown else smbios.hexadecimal(array, 2 * size),
            None if device == unknown else smbios.hexadecimal(device, 2 * size),
            None if within == 0x80000000 else smbios.hexadecimal(within, 8),
        )
