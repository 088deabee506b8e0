"""The memory_arrays table."""

from __future__ import annotations

from leadline.linux import smbios, smbios_names
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.linux.smbios import Structure


@table(
    "memory_arrays",
    Column("handle", TEXT, "Handle of the structure, hexadecimal."),
    Column("location", TEXT, "Where the array is, such as `System board or motherboard`."),
    Column("use", TEXT, "What the array is for, such as `System memory`."),
    Column("memory_error_correction", TEXT, "How errors are found or corrected, such as `Multi-bit ECC`."),
    Column("max_capacity", INTEGER, "Largest size the array can have, in GiB."),
    Column("memory_error_info_handle", TEXT, "Handle of the last error, as in `memory_error_info`."),
    Column("number_memory_devices", INTEGER, "Slots or sockets of the array."),
    platforms=LINUX,
    examples=[
        "SELECT location, use, max_capacity, number_memory_devices FROM memory_arrays",
        "SELECT d.device_locator, d.size, a.memory_error_correction FROM memory_arrays AS a "
        "JOIN memory_devices AS d ON d.array_handle = a.handle",
    ],
    notes=(
        "From the SMBIOS structures of type 16 in /sys/firmware/dmi/tables, which only root may read. Empty on machines"
        " whose firmware has no SMBIOS."
    ),
)
def memory_arrays(query: Query) -> Rows:
    """Groups of memory slots, as the firmware describes them."""
    for structure in smbios.structures(query.root, smbios.MEMORY_ARRAY):
        error = structure.integer(0x0B, 2)
        yield (
            smbios.handle(structure.handle),
            smbios_names.name(smbios_names.ARRAY_LOCATIONS, structure.integer(0x04)),
            smbios_names.name(smbios_names.ARRAY_USES, structure.integer(0x05)),
            smbios_names.name(smbios_names.ERROR_CORRECTIONS, structure.integer(0x06)),
            _capacity(structure),
            None if error in (0xFFFE, 0xFFFF) else smbios.handle(error),  # not provided; no error
            structure.integer(0x0D, 2),
        )


def _capacity(structure: Structure) -> int | None:
    """GiB, from KiB, or from bytes in a later field when the first says so with its highest bit."""
    capacity = structure.integer(0x07, 4)
    if capacity is None or capacity < 0x80000000:
        return None if capacity is None else capacity >> 20
    extended = structure.integer(0x0F, 8)
    return None if extended is None else extended >> 30
