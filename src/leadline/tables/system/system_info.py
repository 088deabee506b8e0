"""The system_info table."""

from __future__ import annotations

import os

from leadline.linux import cpuinfo, files, hostname, identity, machine, rooted, smbios
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, WINDOWS, Column, Query, Rows, table
from leadline.tables.osquery import runtime


@table(
    "system_info",
    Column("hostname", TEXT, "Fully qualified name of the machine, where it has one."),
    Column("uuid", TEXT, "Unique id of the machine.", collate="nocase"),
    Column("cpu_type", TEXT, "Architecture, as uname(2) names it."),
    Column("cpu_subtype", TEXT, "Model number of the processor; 0 where it has none."),
    Column("cpu_brand", TEXT, "Name of the processor."),
    Column("cpu_physical_cores", INTEGER, "Cores over all processors."),
    Column("cpu_logical_cores", INTEGER, "Hardware threads the system schedules on."),
    Column("cpu_sockets", INTEGER, "Processor packages."),
    Column("cpu_microcode", TEXT, "Version of the microcode."),
    Column("physical_memory", BIGINT, "Memory the system can use, in bytes."),
    Column("hardware_vendor", TEXT, "Maker of the machine."),
    Column("hardware_model", TEXT, "Model of the machine."),
    Column("hardware_version", TEXT, "Version of the model."),
    Column("hardware_serial", TEXT, "Serial number of the machine; readable by root only."),
    Column("board_vendor", TEXT, "Maker of the main board."),
    Column("board_model", TEXT, "Model of the main board."),
    Column("board_version", TEXT, "Version of the main board."),
    Column("board_serial", TEXT, "Serial number of the main board; readable by root only."),
    Column("computer_name", TEXT, "Name of the machine without its domain."),
    Column("local_hostname", TEXT, "The same as hostname on Linux."),
    Column("emulated_cpu_type", TEXT, "Architecture that the process sees by emulation.", platforms=WINDOWS),
    platforms=LINUX,
    examples=[
        "SELECT hostname, hardware_vendor, hardware_model, hardware_serial FROM system_info",
        "SELECT cpu_brand, cpu_physical_cores, physical_memory / 1073741824 AS gib FROM system_info",
    ],
    notes=(
        "From the firmware's tables under /sys/class/dmi, /proc/cpuinfo and /proc/meminfo. Serial numbers need root."
    ),
)
def system_info(query: Query) -> Rows:
    """Name, processors, memory and make of this machine; one row."""
    root = query.root
    # The resolver may have to ask a name server: only when somebody wants the name.
    name = hostname.full(root) if query.uses("hostname", "local_hostname") else None
    processors = cpuinfo.read(root)
    system, board = smbios.system(root), smbios.board(root)
    yield (
        name,
        _uuid(query),
        machine.name(root),
        processors.model,
        processors.brand,
        processors.cores,
        processors.logical if root else os.cpu_count(),
        processors.sockets,
        processors.microcode,
        _memory(root),
        system.vendor,
        system.model,
        system.version,
        system.serial,
        board.vendor,
        board.model,
        board.version,
        board.serial,
        hostname.short(root),
        name,
    )


def _uuid(query: Query) -> str | None:
    """The id the running agent keeps, else what the machine itself says."""
    if not query.uses("uuid"):
        return None
    source = None if query.root else runtime.of(query)
    known = source.info().get("uuid") if source else None
    return known if isinstance(known, str) and known else identity.host_uuid(query.root)


def _memory(root: str) -> int | None:
    """MemTotal of /proc/meminfo, which is kB, in bytes."""
    data = files.read(rooted.path(root, "/proc/meminfo")) or b""
    start = data.find(b"MemTotal:")
    words = data[start + 9 : start + 64].split(None, 1) if start >= 0 else []
    return int(words[0]) * 1024 if words and words[0].isdigit() and len(words[0]) < 16 else None
