"""The cpu_info table."""

from __future__ import annotations

from leadline.linux import cpuinfo, files, machine, rooted, smbios, smbios_names
from leadline.sql.schema import INTEGER, LINUX, MACOS, TEXT, WINDOWS, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.linux.smbios import Structure

_CENTRAL = "3"
_HIGHEST = "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"


@table(
    "cpu_info",
    Column("device_id", TEXT, "Kind of processor and a number, such as `CPU0`."),
    Column("model", TEXT, "Name of the processor."),
    Column("manufacturer", TEXT, "Maker of the processor."),
    Column("processor_type", TEXT, "Kind of processor by SMBIOS's numbers: 3 central, 4 math, 5 DSP, 6 video."),
    Column("cpu_status", INTEGER, "SMBIOS's status byte: bit 6 socket populated, bits 0 to 2 state (1 enabled)."),
    Column("number_of_cores", TEXT, "Cores of the processor."),
    Column("logical_processors", INTEGER, "Hardware threads of the processor."),
    Column("address_width", TEXT, "`64` for a processor that can run 64-bit code, else `32`."),
    Column("current_clock_speed", INTEGER, "Frequency when the machine was started, in MHz."),
    Column("max_clock_speed", INTEGER, "Highest frequency the socket is made for, in MHz."),
    Column("socket_designation", TEXT, "Name of the socket on the board."),
    Column("availability", TEXT, "Availability and state of the processor.", platforms=WINDOWS | MACOS),
    Column("load_percentage", INTEGER, "Share of time it is busy.", platforms=WINDOWS | MACOS),
    Column("number_of_efficiency_cores", INTEGER, "Cores that save power.", platforms=MACOS),
    Column("number_of_performance_cores", INTEGER, "Cores that are fast.", platforms=MACOS),
    platforms=LINUX,
    examples=[
        "SELECT device_id, model, number_of_cores, logical_processors FROM cpu_info",
        "SELECT socket_designation FROM cpu_info WHERE cpu_status & 64 = 0",
    ],
    notes=(
        "From the SMBIOS structures of type 4 in /sys/firmware/dmi/tables, which only root may read: a row for each"
        " socket, also for empty ones. Without them there is a row for each package in /proc/cpuinfo, without a socket."
    ),
)
def cpu_info(query: Query) -> Rows:
    """Processors and their sockets, as the firmware describes them, else as the kernel does."""
    count = structures = 0
    for structure in smbios.structures(query.root, smbios.PROCESSOR):
        kind = structure.integer(0x05)
        name = smbios_names.name(smbios_names.PROCESSORS, kind)
        yield (
            f"{name}{count}" if name else None,
            structure.text(0x10),
            structure.text(0x07),
            _text(kind),
            structure.integer(0x18),
            *_cores(query.root, structure),
            structure.integer(0x16, 2),
            structure.integer(0x14, 2),
            structure.text(0x04),
        )
        count += name is not None
        structures += 1
    if not structures:
        yield from _from_kernel(query.root)


def _cores(root: str, structure: Structure) -> tuple[str | None, int | None, str | None]:
    """Cores, threads and width; the kernel's, of all processors together, for firmware before SMBIOS 2.5."""
    characteristics = structure.integer(0x26, 2)
    if characteristics is None:
        processors = cpuinfo.read(root)
        return _text(processors.cores), processors.logical or None, _width(root)
    cores, threads = _count(structure, 0x23, 0x2A), _count(structure, 0x25, 0x2E)
    return _text(cores), threads, "64" if characteristics & 4 else "32"


def _count(structure: Structure, offset: int, extended: int) -> int | None:
    """A count in a byte, which is 255 when the count needs the two bytes of a later field."""
    count, wide = structure.integer(offset), structure.integer(extended, 2)
    return wide if count == 0xFF and wide else count


def _from_kernel(root: str) -> Rows:
    highest = _megahertz(files.read(rooted.path(root, _HIGHEST), 32) or b"")
    width = _width(root)
    for number, package in enumerate(cpuinfo.packages(root)):
        yield (
            f"CPU{number}", package.brand, package.vendor, _CENTRAL, None, _text(package.cores), package.logical, width,
            package.megahertz, highest,
        )  # fmt: skip


def _width(root: str) -> str:
    return "64" if "64" in (machine.name(root) or "") else "32"


def _megahertz(kilohertz: bytes) -> int | None:
    digits = kilohertz.strip()
    return int(digits) // 1000 if digits.isdigit() and len(digits) < 13 else None


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
