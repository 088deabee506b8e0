"""The memory_devices table."""

from __future__ import annotations

from leadline.linux import smbios, smbios_names
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.linux.smbios import Structure


@table(
    "memory_devices",
    Column("handle", TEXT, "Handle of the structure, hexadecimal."),
    Column("array_handle", TEXT, "Handle of the array the device belongs to, as in `memory_arrays`."),
    Column("form_factor", TEXT, "Shape of the device, such as `DIMM` or `SODIMM`."),
    Column("total_width", INTEGER, "Width in bits, with those for error correction."),
    Column("data_width", INTEGER, "Width in bits without those for error correction."),
    Column("size", INTEGER, "Size in MiB; 0 for an empty slot."),
    Column("set", INTEGER, "Set of devices that it must be installed with; 0 for none."),
    Column("device_locator", TEXT, "Name of the slot on the board."),
    Column("bank_locator", TEXT, "Name of the bank on the board."),
    Column("memory_type", TEXT, "Kind of memory, such as `DDR4`."),
    Column("memory_type_details", TEXT, "Properties of the kind of memory, separated by spaces."),
    Column("max_speed", INTEGER, "Highest speed of the device, in MT/s."),
    Column("configured_clock_speed", INTEGER, "Speed it is run at, in MT/s."),
    Column("manufacturer", TEXT, "Maker of the device."),
    Column("serial_number", TEXT, "Serial number of the device."),
    Column("asset_tag", TEXT, "Asset tag of the device."),
    Column("part_number", TEXT, "Maker's part number."),
    Column("min_voltage", INTEGER, "Lowest voltage it works at, in millivolts."),
    Column("max_voltage", INTEGER, "Highest voltage it works at, in millivolts."),
    Column("configured_voltage", INTEGER, "Voltage it is run at, in millivolts."),
    platforms=LINUX,
    examples=[
        "SELECT device_locator, size, memory_type, manufacturer, part_number FROM memory_devices WHERE size > 0",
        "SELECT count(*) AS slots, sum(size > 0) AS used, sum(size) AS mib FROM memory_devices",
    ],
    notes=(
        "From the SMBIOS structures of type 17 in /sys/firmware/dmi/tables, which only root may read; what the firmware"
        " does not know is NULL. Empty on machines whose firmware has no SMBIOS."
    ),
)
def memory_devices(query: Query) -> Rows:
    """Memory modules and the slots for them, as the firmware describes them."""
    for structure in smbios.structures(query.root, smbios.MEMORY_DEVICE):
        yield (
            smbios.handle(structure.handle),
            smbios.handle(structure.integer(0x04, 2)),
            smbios_names.name(smbios_names.FORM_FACTORS, structure.integer(0x0E)),
            _known(structure.integer(0x08, 2), 0xFFFF),
            _known(structure.integer(0x0A, 2), 0xFFFF),
            _size(structure),
            _known(structure.integer(0x0F), 0xFF),
            structure.text(0x10),
            structure.text(0x11),
            smbios_names.name(smbios_names.MEMORY_TYPES, structure.integer(0x12)),
            smbios_names.memory_details(structure.integer(0x13, 2)),
            _speed(structure, 0x15, 0x54),
            _speed(structure, 0x20, 0x58),
            structure.text(0x17),
            structure.text(0x18),
            structure.text(0x19),
            structure.text(0x1A),
            structure.integer(0x22, 2) or None,
            structure.integer(0x24, 2) or None,
            structure.integer(0x26, 2) or None,
        )


def _known(number: int | None, unknown: int) -> int | None:
    return None if number == unknown else number


def _size(structure: Structure) -> int | None:
    """MiB. The word counts KiB when its highest bit is set; all other bits say that a field of its own has the size."""
    size = structure.integer(0x0C, 2)
    if size is None or size == 0xFFFF:
        return None
    if size == 0x7FFF:
        extended = structure.integer(0x1C, 4)
        return None if extended is None else extended & 0x7FFFFFFF
    return (size & 0x7FFF) // 1024 if size & 0x8000 else size


def _speed(structure: Structure, offset: int, extended: int) -> int | None:
    """MT/s. All bits say that a field of its own has the speed, 0 that it is unknown."""
    speed = structure.integer(offset, 2)
    return (structure.integer(extended, 4) if speed == 0xFFFF else speed) or None
