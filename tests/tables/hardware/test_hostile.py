"""Whatever the firmware and the buses say, the tables end and their values are such that SQLite takes."""

from __future__ import annotations

import struct
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.sql.schema import LINUX, Query, Table

SMBIOS = {
    "platform_info": (0,), "cpu_info": (4,), "oem_strings": (11,), "memory_arrays": (16,), "memory_devices": (17,),
    "memory_error_info": (18, 33), "memory_array_mapped_addresses": (19,), "memory_device_mapped_addresses": (20,),
    "smbios_tables": (1, 127),
}  # fmt: skip


def read(name: str, root: Path) -> list[tuple[object, ...]]:
    """All rows of a table, straight from its function: the engine would keep an exception to itself."""
    table = getattr(import_module(f"leadline.tables.hardware.{name}"), name)
    assert isinstance(table, Table)
    rows = [tuple(row) for row in table.generators[LINUX](Query(table, root=str(root)))]
    for value in (value for row in rows for value in row):
        assert value is None or isinstance(value, str | int)
        if isinstance(value, str):
            value.encode()  # no lone surrogates
        elif value is not None:
            assert -(1 << 63) <= value < 1 << 63
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


structures = st.builds(
    lambda kind, length, handle, body, strings: struct.pack("<BBH", kind, length, handle) + body + strings + b"\0\0",
    st.sampled_from(sorted({kind for kinds in SMBIOS.values() for kind in kinds})),
    st.integers(0, 255),
    st.integers(0, 0xFFFF),
    st.binary(max_size=100) | st.just(b"\xff" * 96) | st.just(b"\x80" * 96),
    st.binary(max_size=20),
)


@given(st.lists(structures, min_size=1, max_size=4))
def test_firmware_may_say_anything(folder: Path, table: list[bytes]) -> None:
    write(folder / "sys/firmware/dmi/tables/DMI", b"".join(table))
    counts = {name: len(read(name, folder)) for name in SMBIOS}
    assert counts["memory_devices"] <= counts["smbios_tables"]


@given(st.binary(max_size=300))
def test_firmware_may_be_no_table(folder: Path, data: bytes) -> None:
    write(folder / "sys/firmware/dmi/tables/DMI", data)
    for name in SMBIOS:
        read(name, folder)


lines = st.lists(
    st.builds(
        lambda key, value: key.encode() + b"=" + value,
        st.sampled_from(
            ["PCI_ID", "PCI_CLASS", "PCI_SUBSYS_ID", "PCI_SLOT_NAME", "DRIVER", "MAJOR", "MINOR", "BUSNUM", "DEVNUM",
             "TYPE", "E:ID_VENDOR_ID", "E:ID_MODEL_ID", "E:ID_SERIAL_SHORT", ""]
        ),
        st.binary(max_size=12) | st.sampled_from([b"8086:0D57", b"1", b"001", b"189", b"9/0/1", b"\xff\xfe", b"60000"]),
    ),
    max_size=8,
).map(b"\n".join)  # fmt: skip


@settings(max_examples=25)  # each writes 19 files
@given(lines, lines, st.binary(max_size=20))
def test_devices_may_say_anything(folder: Path, uevent: bytes, record: bytes, attribute: bytes) -> None:
    for bus in ("pci", "usb"):
        for name in ("uevent", "vendor", "class", "idVendor", "serial", "busnum", "bDeviceClass", "removable"):
            write(folder / f"sys/bus/{bus}/devices/1/{name}", uevent if name == "uevent" else attribute)
    for name in ("+pci:1", "+usb:1", "c189:1"):
        write(folder / "run/udev/data" / name, record)
    assert len(read("pci_devices", folder)) == 1
    assert len(read("usb_devices", folder)) <= 1


@settings(max_examples=50)
@given(st.binary(max_size=200), st.binary(max_size=10))
def test_variables_may_say_anything(folder: Path, lists: bytes, switch: bytes) -> None:
    directory = folder / "sys/firmware/efi/efivars"
    x509 = bytes.fromhex("a159c0a5e494a74a87b5ab155c2bf072")
    write(directory / "db-1", b"\0\0\0\0" + lists)
    write(
        directory / "dbx-1",
        bytes(4) + x509 + struct.pack("<III", 44 + len(lists), 0, 16 + len(lists)) + bytes(16) + lists,
    )
    write(directory / "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", switch)
    read("secureboot_certificates", folder)
    assert len(read("secureboot", folder)) == 1


def test_devices_that_go_round_in_circles_are_empty(tmp_path: Path) -> None:
    for bus in ("pci", "usb"):
        directory = tmp_path / "sys/bus" / bus / "devices"
        directory.mkdir(parents=True)
        (directory / "loop").symlink_to("loop")
        (directory / "out").symlink_to("/etc")
        (directory / b"\xff\xfe".decode("utf-8", "surrogateescape")).mkdir()
    assert [row[0] for row in read("pci_devices", tmp_path)] == ["loop", "out", "\\xFF\\xFE"]
    assert read("usb_devices", tmp_path) == []


def test_a_machine_that_says_nothing_has_no_rows(tmp_path: Path) -> None:
    names = (
        *SMBIOS,
        "acpi_tables",
        "pci_devices",
        "usb_devices",
        "memory_map",
        "secureboot",
        "secureboot_certificates",
    )
    assert [read(name, tmp_path) for name in names] == [[]] * len(names)
