"""The tables over SMBIOS structures: exact rows from tables that are built here, and dmidecode as the oracle."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[..., list[dict[str, Any]]]
Structure = Callable[..., bytes]
Firmware = Callable[..., str]

END = bytes((127, 4, 0xFF, 0xFE, 0, 0))


def bios(release: tuple[int, int] = (5, 17), blocks: int = 0xFF, extended: int = 32) -> bytes:
    """The formatted part of a structure 0 of SMBIOS 3.1."""
    return struct.pack("<BBHBBQHBBBBH", 1, 2, 0xE000, 3, blocks, 0x8, 0x0D03, *release, 255, 255, extended)


def processor(cores: int = 8, threads: int = 16, wide: tuple[int, int] = (8, 16), kind: int = 3) -> bytes:
    """The formatted part of a structure 4 of SMBIOS 3.0."""
    head = struct.pack("<BBBBQBBHHHBB", 1, kind, 0xB3, 2, 0x1234, 3, 0x8C, 100, 4000, 2445, 0x41, 1)
    caches = struct.pack("<HHHBBB", 0x700, 0x701, 0x702, 4, 5, 6)
    return head + caches + struct.pack("<BBBHHHHH", cores, cores, threads, 0x00FC, 0xB3, wide[0], wide[0], wide[1])


def module(**values: int) -> bytes:
    """The formatted part of a structure 17 of SMBIOS 3.3, with values by the names below."""
    given = {
        "array": 0x1000, "error": 0xFFFE, "total": 72, "data": 64, "size": 16384, "form": 9, "set": 1, "slot": 1,
        "bank": 2, "type": 0x1A, "details": 0x2080, "speed": 3200, "maker": 3, "serial": 4, "tag": 5, "part": 6,
        "attributes": 2, "extended": 0, "configured": 2933, "low": 1200, "high": 1250, "voltage": 1210,
    } | values  # fmt: skip
    fastest, fast = given.pop("fastest", 0), given.pop("fast", 0)
    return struct.pack("<HHHHHBBBBBHHBBBBBIHHHH", *given.values()).ljust(0x50, b"\0") + struct.pack(
        "<II", fastest, fast
    )


STRINGS = ("DIMM A1", "BANK 0", "Acme", "A1B2C3D4", "none", "PN-16G  ")


def test_platform_info_describes_the_firmware(ask: Ask, structure: Structure, firmware: Firmware) -> None:
    root = firmware(
        structure(0, 0, bios(), "Acme Systems ", "1.4.2", "03/14/2024"), END, files={"sys/firmware/efi/": ""}
    )
    assert ask("SELECT * FROM platform_info", root) == [
        {
            "vendor": "Acme Systems",
            "version": "1.4.2",
            "date": "03/14/2024",
            "revision": "5.17",
            "extra": "",
            "firmware_type": "uefi",
            "address": "0xe000",
            "size": str(32 << 20),
            "volume_size": 0,
        }
    ]


@pytest.mark.parametrize(
    ("formatted", "revision", "size"),
    [
        (bios(blocks=0x7F), "5.17", str(8 << 20)),
        (bios(release=(255, 255)), None, str(32 << 20)),
        (bios(extended=0x4001), "5.17", str(1 << 30)),
        (bios()[:0x12], "5.17", str(16 << 20)),  # SMBIOS 2.4 has no extended size
        (bios()[:0x0E], None, str(16 << 20)),  # SMBIOS 2.0 has no release either
        (bios()[:4], None, None),
    ],
)
def test_platform_info_takes_what_the_version_of_the_format_has(
    ask: Ask, structure: Structure, firmware: Firmware, formatted: bytes, revision: str | None, size: str | None
) -> None:
    root = firmware(structure(0, 0, formatted, "Acme", "1", "01/01/2001"))
    assert ask("SELECT revision, size, firmware_type FROM platform_info", root) == [
        {"revision": revision, "size": size, "firmware_type": "bios"}
    ]


def test_platform_info_makes_do_with_what_everybody_may_read(ask: Ask, tree: Callable[..., str]) -> None:
    directory = "sys/class/dmi/id"
    root = tree(
        {
            f"{directory}/bios_vendor": "Acme Systems\n",
            f"{directory}/bios_version": "1.4.2\n",
            f"{directory}/bios_date": "03/14/2024\n",
            f"{directory}/bios_release": "5.17\n",
        }
    )
    assert ask("SELECT vendor, version, date, revision, address FROM platform_info", root) == [
        {"vendor": "Acme Systems", "version": "1.4.2", "date": "03/14/2024", "revision": "5.17", "address": None}
    ]


def test_cpu_info_describes_each_socket(ask: Ask, structure: Structure, firmware: Firmware) -> None:
    names = ("CPU 1", "Acme Silicon", "Acme X1 Processor   ", "s", "t", "p")
    root = firmware(
        structure(4, 0x40, processor(), *names),
        structure(4, 0x41, processor(kind=6), "GPU 1"),
        structure(4, 0x42, processor(kind=2), "odd"),
        structure(4, 0x43, processor(255, 255, (300, 600)), *names),
        END,
    )
    rows = ask("SELECT * FROM cpu_info", root)
    assert rows[0] == {
        "device_id": "CPU0",
        "model": "Acme X1 Processor",
        "manufacturer": "Acme Silicon",
        "processor_type": "3",
        "cpu_status": 0x41,
        "number_of_cores": "8",
        "logical_processors": 16,
        "address_width": "64",
        "current_clock_speed": 2445,
        "max_clock_speed": 4000,
        "socket_designation": "CPU 1",
    }
    assert [row["device_id"] for row in rows] == ["CPU0", "GPU1", None, "CPU2"]
    assert (rows[3]["number_of_cores"], rows[3]["logical_processors"]) == ("300", 600)


CPUINFO = """\
processor\t: 0
vendor_id\t: GenuineIntel
model name\t: Acme X1 @ 2.60GHz
cpu MHz\t\t: 2593.906
physical id\t: 0
core id\t\t: 0
cpu cores\t: 1

processor\t: 1
vendor_id\t: GenuineIntel
model name\t: Acme X1 @ 2.60GHz
cpu MHz\t\t: 1200.000
physical id\t: 1
core id\t\t: 0
cpu cores\t: 1

"""


def test_cpu_info_asks_the_kernel_for_cores_that_old_firmware_does_not_count(
    ask: Ask, structure: Structure, firmware: Firmware
) -> None:
    files = {"proc/cpuinfo": CPUINFO, "bin/sh": b"\x7fELF\2\1" + bytes(12) + b"\x3e\0"}
    root = firmware(structure(4, 4, processor()[:0x1C], "CPU 1", "Acme", "X0"), files=files)
    assert ask("SELECT model, number_of_cores, logical_processors, address_width FROM cpu_info", root) == [
        {"model": "X0", "number_of_cores": "2", "logical_processors": 2, "address_width": "64"}
    ]


def test_cpu_info_takes_processors_from_the_kernel_where_there_is_no_smbios(ask: Ask, tree: Callable[..., str]) -> None:
    frequency = "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"
    rows = ask("SELECT * FROM cpu_info", tree({"proc/cpuinfo": CPUINFO, frequency: "3500000\n"}))
    assert [row["device_id"] for row in rows] == ["CPU0", "CPU1"]
    assert rows[0] == {
        "device_id": "CPU0",
        "model": "Acme X1 @ 2.60GHz",
        "manufacturer": "GenuineIntel",
        "processor_type": "3",
        "cpu_status": None,
        "number_of_cores": "1",
        "logical_processors": 1,
        "address_width": "32",
        "current_clock_speed": 2593,
        "max_clock_speed": 3500,
        "socket_designation": None,
    }


def test_cpu_info_knows_no_frequency_that_none_can_have(ask: Ask, tree: Callable[..., str]) -> None:
    frequency = "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"
    rows = ask("SELECT max_clock_speed FROM cpu_info", tree({"proc/cpuinfo": CPUINFO, frequency: "9" * 30}))
    assert rows == [{"max_clock_speed": None}] * 2


def test_memory_devices_describes_modules(ask: Ask, structure: Structure, firmware: Firmware) -> None:
    root = firmware(structure(17, 0x1100, module(), *STRINGS), END)
    assert ask("SELECT * FROM memory_devices", root) == [
        {
            "handle": "0x1100",
            "array_handle": "0x1000",
            "form_factor": "DIMM",
            "total_width": 72,
            "data_width": 64,
            "size": 16384,
            "set": 1,
            "device_locator": "DIMM A1",
            "bank_locator": "BANK 0",
            "memory_type": "DDR4",
            "memory_type_details": "Synchronous Registered (Buffered)",
            "max_speed": 3200,
            "configured_clock_speed": 2933,
            "manufacturer": "Acme",
            "serial_number": "A1B2C3D4",
            "asset_tag": "none",
            "part_number": "PN-16G",
            "min_voltage": 1200,
            "max_voltage": 1250,
            "configured_voltage": 1210,
        }
    ]


@pytest.mark.parametrize(
    ("values", "column", "expected"),
    [
        ({"size": 0}, "size", 0),
        ({"size": 0xFFFF}, "size", None),
        ({"size": 0x7FFF, "extended": 65536}, "size", 65536),
        ({"size": 0x8000 | 2048}, "size", 2),  # counted in KiB
        ({"total": 0xFFFF}, "total_width", None),
        ({"data": 0xFFFF}, "data_width", None),
        ({"set": 0xFF}, "set", None),
        ({"form": 0x0D}, "form_factor", "SODIMM"),
        ({"form": 0x77}, "form_factor", None),
        ({"type": 0x22}, "memory_type", "DDR5"),
        ({"type": 0x77}, "memory_type", None),
        ({"details": 0}, "memory_type_details", ""),
        ({"details": 0xC001}, "memory_type_details", "Reserved Unbuffered (Unregistered) LRDIMM"),
        ({"speed": 0}, "max_speed", None),
        ({"speed": 0xFFFF, "fastest": 70000}, "max_speed", 70000),
        ({"configured": 0xFFFF, "fast": 66000}, "configured_clock_speed", 66000),
        ({"voltage": 0}, "configured_voltage", None),
        ({"tag": 0}, "asset_tag", ""),
        ({"part": 9}, "part_number", ""),
    ],
)
def test_memory_devices_knows_what_the_numbers_stand_for(
    ask: Ask, structure: Structure, firmware: Firmware, values: dict[str, int], column: str, expected: object
) -> None:
    root = firmware(structure(17, 1, module(**values), *STRINGS))
    assert ask(f'SELECT "{column}" FROM memory_devices', root) == [{column: expected}]


def test_memory_devices_of_old_firmware_have_fewer_values(ask: Ask, structure: Structure, firmware: Firmware) -> None:
    root = firmware(structure(17, 1, module()[: 0x15 - 4], "A1", "B0"))
    [row] = ask("SELECT * FROM memory_devices", root)
    assert (row["size"], row["memory_type"], row["device_locator"]) == (16384, "DDR4", "A1")
    assert [row[name] for name in ("max_speed", "manufacturer", "part_number", "min_voltage")] == [None] * 4


def test_memory_arrays_describes_groups_of_slots(ask: Ask, structure: Structure, firmware: Firmware) -> None:
    small = struct.pack("<BBBIHHQ", 3, 3, 6, 64 << 20, 0xFFFE, 4, 0)
    large = struct.pack("<BBBIHHQ", 0xA1, 4, 3, 0x80000000, 0x1200, 16, 6 << 40)
    rows = ask("SELECT * FROM memory_arrays", firmware(structure(16, 0x1000, small), structure(16, 0x1001, large), END))
    assert rows == [
        {
            "handle": "0x1000",
            "location": "System board or motherboard",
            "use": "System memory",
            "memory_error_correction": "Multi-bit ECC",
            "max_capacity": 64,
            "memory_error_info_handle": None,
            "number_memory_devices": 4,
        },
        {
            "handle": "0x1001",
            "location": "PC-98/C24 add-on card",
            "use": "Video memory",
            "memory_error_correction": "none",
            "max_capacity": 6144,
            "memory_error_info_handle": "0x1200",
            "number_memory_devices": 16,
        },
    ]


def test_mapped_addresses_count_kib_or_bytes(ask: Ask, structure: Structure, firmware: Firmware) -> None:
    root = firmware(
        structure(19, 0x1300, struct.pack("<IIHBQQ", 0, 0x3FFFFFF, 0x1000, 2, 0, 0)),
        structure(19, 0x1301, struct.pack("<IIHBQQ", 0xFFFFFFFF, 0xFFFFFFFF, 0x1000, 1, 1 << 42, (1 << 43) - 1)),
        structure(20, 0x1400, struct.pack("<IIHHBBBQQ", 0, 0x1FFFFFF, 0x1100, 0x1300, 1, 2, 0xFF, 0, 0)),
        structure(20, 0x1401, struct.pack("<IIHHBBBQQ", *[0xFFFFFFFF] * 2, 0x1101, 0x1301, 1, 0, 0, 1 << 42, 1 << 43)),
    )
    assert ask("SELECT * FROM memory_array_mapped_addresses", root) == [
        {
            "handle": "0x1300",
            "memory_array_handle": "0x1000",
            "starting_address": "0x00000000",
            "ending_address": "0x03ffffff",
            "partition_width": 2,
        },
        {
            "handle": "0x1301",
            "memory_array_handle": "0x1000",
            "starting_address": "0x040000000000",
            "ending_address": "0x07ffffffffff",
            "partition_width": 1,
        },
    ]
    first, second = ask("SELECT * FROM memory_device_mapped_addresses", root)
    assert first == {
        "handle": "0x1400",
        "memory_device_handle": "0x1100",
        "memory_array_mapped_address_handle": "0x1300",
        "starting_address": "0x00000000",
        "ending_address": "0x01ffffff",
        "partition_row_position": 1,
        "interleave_position": 2,
        "interleave_data_depth": 255,
    }
    assert (second["starting_address"], second["ending_address"]) == ("0x040000000000", "0x080000000000")


def test_memory_error_info_shows_what_was_recorded(ask: Ask, structure: Structure, firmware: Firmware) -> None:
    unknown = 0x80000000
    root = firmware(
        structure(18, 0x1200, struct.pack("<BBBIIII", 0x0C, 3, 3, 0x1F, 0x1000, unknown, 64)),
        structure(18, 0x1201, struct.pack("<BBBIIII", 3, 2, 2, 0, unknown, unknown, unknown)),
        structure(33, 0x1202, struct.pack("<BBBIQQI", 0x0E, 4, 4, 0, 1 << 40, 1 << 63, 4096)),
    )
    columns = (
        "error_type", "error_granularity", "error_operation", "vendor_syndrome", "memory_array_error_address",
        "device_error_address", "error_resolution",
    )  # fmt: skip
    rows = {row.pop("handle"): row for row in ask("SELECT * FROM memory_error_info", root)}
    assert rows == {
        handle: dict(zip(columns, values, strict=True))
        for handle, values in {
            "0x1200": (
                "Corrected single-bit error", "Device level", "Read", "0x0000001f", "0x00001000", None, "0x00000040",
            ),
            "0x1201": ("OK", "Unknown", "Unknown", None, None, None, None),
            "0x1202": (
                "Uncorrectable error", "Memory partition level", "Write", None, "0x0000010000000000", None,
                "0x00001000",
            ),
        }.items()
    }  # fmt: skip


def test_oem_strings_are_counted_by_their_structure(ask: Ask, structure: Structure, firmware: Firmware) -> None:
    root = firmware(structure(11, 0x0B00, b"\3", "Acme", "1[0001] "), structure(11, 0x0B01, b"\0"))
    assert ask("SELECT * FROM oem_strings", root) == [
        {"handle": "0x0b00", "number": 1, "value": "Acme"},
        {"handle": "0x0b00", "number": 2, "value": "1[0001]"},
        {"handle": "0x0b00", "number": 3, "value": ""},
    ]


def test_smbios_tables_lists_every_structure(ask: Ask, structure: Structure, firmware: Firmware) -> None:
    structures = (structure(0, 0, bios(), "A", "1"), structure(200, 0xDA00, b"\1\2\3"), END)
    rows = ask("SELECT * FROM smbios_tables", firmware(*structures, bytes(64)))
    assert [tuple(row.values()) for row in rows] == [
        (0, 0, "BIOS Information", 0, 26, len(structures[0]), md5(structures[0]).hexdigest()),
        (1, 200, "Unknown", 0xDA00, 7, len(structures[1]), md5(structures[1]).hexdigest()),
        (2, 127, "End-of-Table", 0xFEFF, 4, 6, md5(END).hexdigest()),
    ]


def dmidecode(path: Path, *options: str) -> list[tuple[str, int, dict[str, str]]]:
    """Handle, length of the formatted part and fields of each structure, by dmidecode."""
    program = shutil.which("dmidecode", path="/usr/sbin:/sbin:/usr/bin")
    if program is None:
        pytest.skip("dmidecode is not installed")
    done = subprocess.run([program, "--from-dump", path, *options], capture_output=True, text=True, check=True)
    found = []
    for block in done.stdout.split("\n\n"):
        match = re.match(r"Handle (0x[0-9A-F]{4}), DMI type \d+, (\d+) bytes\n", block)
        if match:
            fields = dict(line.strip().split(": ", 1) for line in block.split("\n") if ": " in line)
            found.append((match[1].lower(), int(match[2]), fields))
    return found


def test_structures_are_those_of_dmidecode(
    ask: Ask, structure: Structure, firmware: Firmware, dump: Callable[..., bytes], tmp_path: Path
) -> None:
    structures = (
        structure(0, 0, bios(), "Acme", "1", "01/02/2003"),
        structure(4, 4, processor(), "CPU 1", "Acme", "X1"),
        structure(200, 0xDA00, bytes(9), "a", "b"),
        structure(17, 0x1100, module(), *STRINGS),
        END,
    )
    (tmp_path / "dump").write_bytes(dump(*structures))
    rows = ask("SELECT printf('0x%04x', handle) AS handle, header_size FROM smbios_tables", firmware(*structures))
    assert [tuple(row.values()) for row in rows] == [found[:2] for found in dmidecode(tmp_path / "dump")]


def test_memory_devices_agrees_with_dmidecode(
    ask: Ask, structure: Structure, firmware: Firmware, dump: Callable[..., bytes], tmp_path: Path
) -> None:
    variants = [{"form": form} for form in range(1, 17)] + [{"type": type} for type in range(3, 0x24)]
    variants += [{"details": 1 << bit} for bit in range(1, 16)] + [{"speed": 0}, {"size": 0x7FFF, "extended": 32767}]
    structures = [structure(17, number, module(**values), *STRINGS) for number, values in enumerate(variants)]
    (tmp_path / "dump").write_bytes(dump(*structures, END))
    rows = ask("SELECT * FROM memory_devices", firmware(*structures, END))
    told = dmidecode(tmp_path / "dump", "--type", "17")
    assert len(rows) == len(told) == len(variants)
    for row, (handle, _, fields) in zip(rows, told, strict=True):
        assert row["handle"] == handle
        assert row["array_handle"] == fields["Array Handle"]
        assert row["device_locator"] == fields["Locator"]
        assert f"{row['total_width']} bits" == fields["Total Width"]
        assert ("Unknown" if row["max_speed"] is None else f"{row['max_speed']} MT/s") == fields["Speed"]
        assert f"{row['configured_clock_speed']} MT/s" == fields["Configured Memory Speed"]
        assert float(fields["Minimum Voltage"].removesuffix(" V")) * 1000 == row["min_voltage"]
        assert (f"{row['size']} MB" if row["size"] % 1024 else f"{row['size'] >> 10} GB") == fields["Size"]
        assert squeezed(row["form_factor"]) == squeezed(fields["Form Factor"])
        assert squeezed(row["memory_type"] or "") in (squeezed(fields["Type"]), "reserved")
        assert squeezed(row["memory_type_details"]) == squeezed(fields["Type Detail"])


def squeezed(words: str) -> str:
    """Words without what the two write differently, such as "Row of chips" and "Row Of Chips"."""
    return re.sub(r"[^a-z0-9]", "", words.lower())


SYSTEM = bytes((1, 2, 3, 4)) + bytes.fromhex("33221100554477668899aabbccddeeff")
ENTRY = "sys/firmware/dmi/tables/smbios_entry_point"


@pytest.mark.parametrize(
    ("entry", "uuid"),
    [
        (b"_SM3_\0\x18\3\2\0\1\0" + bytes(12), "00112233-4455-6677-8899-aabbccddeeff"),
        (b"_SM_\0\x1f\2\6" + bytes(23), "00112233-4455-6677-8899-aabbccddeeff"),
        (b"_SM_\0\x1f\2\5" + bytes(23), "33221100-5544-7766-8899-aabbccddeeff"),
        (b"_DMI_" + bytes(9) + b"\x21", "33221100-5544-7766-8899-aabbccddeeff"),
        (b"", "00112233-4455-6677-8899-aabbccddeeff"),
    ],
)
def test_system_info_takes_what_the_kernel_has_not_copied_from_the_table(
    ask: Ask, structure: Structure, firmware: Firmware, entry: bytes, uuid: str
) -> None:
    system = structure(1, 0x100, SYSTEM + bytes(3), "Acme", "Box", "v2", "S-123 ")
    board = structure(2, 0x200, bytes((1, 2, 3, 4)), "Acme Boards", "B1", "r1", "B-456")
    root = firmware(system, board, END, files={ENTRY: entry})
    sql = (
        "SELECT hardware_vendor, hardware_model, hardware_version, hardware_serial, board_vendor, board_model,"
        " board_version, board_serial, uuid FROM system_info"
    )
    [row] = ask(sql, root)
    assert list(row.values()) == ["Acme", "Box", "v2", "S-123", "Acme Boards", "B1", "r1", "B-456", uuid]


@pytest.mark.parametrize("id", [bytes(16), b"\xff" * 16, b""])
def test_system_info_knows_ids_that_were_not_set(ask: Ask, structure: Structure, firmware: Firmware, id: bytes) -> None:
    root = firmware(structure(1, 0x100, bytes(4) + id), END)
    assert ask("SELECT uuid, hardware_vendor FROM system_info", root) == [{"uuid": "", "hardware_vendor": ""}]
