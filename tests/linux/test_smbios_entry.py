from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.linux import smbios_entry

TABLE = b"\x0b\x05\0\0\1Acme\0\0\x7f\x04\xff\xfe\0\0"


def sound(entry: bytes, checksum: int) -> bytes:
    """The entry point with a checksum at that offset that makes its sum 0."""
    data = bytearray(entry)
    data[checksum] = -sum(data) & 0xFF
    return bytes(data)


def legacy(address: int, length: int) -> bytes:
    return sound(struct.pack("<5sBHIHB", b"_DMI_", 0, length, address, 2, 0x28), 5)


def version_2(address: int, length: int) -> bytes:
    head = struct.pack("<4sBBBBHB5s", b"_SM_", 0, 31, 2, 8, 100, 0, bytes(5))
    return sound(head + legacy(address, length), 4)


def version_3(address: int, length: int) -> bytes:
    return sound(struct.pack("<5sBBBBBBBIQ", b"_SM3_", 0, 24, 3, 7, 0, 1, 0, length, address), 5)


@pytest.mark.parametrize("entry", [legacy, version_2, version_3])
def test_entry_points_of_all_versions_say_where_the_table_is(entry: object) -> None:
    assert callable(entry)
    data = entry(0xE8000, 500)
    assert smbios_entry.parse(data) == (0xE8000, 500)
    assert smbios_entry.find(bytes(160) + data + bytes(64)) == (0xE8000, 500)


def test_an_entry_point_with_a_wrong_sum_is_none() -> None:
    assert smbios_entry.parse(version_3(0x1000, 10)[:-1] + b"\1") is None
    assert smbios_entry.parse(legacy(0x1000, 10)[:-1] + b"\1") is None
    assert smbios_entry.find(bytes(64)) is None


def test_efi_names_the_address_of_the_entry_point() -> None:
    assert smbios_entry.efi_address(b"ACPI20=0x7fb7e014\nSMBIOS=0x7f9c2000\n") == 0x7F9C2000
    assert smbios_entry.efi_address(b"SMBIOS3=0x7f9c0000\nSMBIOS=0x7f9c2000\n") == 0x7F9C0000
    assert smbios_entry.efi_address(b"SMBIOS=somewhere\n\n") is None


def memory(path: Path, pieces: dict[int, bytes]) -> str:
    """A file that has these bytes at these offsets, as /dev/mem has them at these addresses."""
    with path.open("wb") as file:
        for address, piece in pieces.items():
            file.seek(address)
            file.write(piece)
    return str(path)


def test_a_bios_leaves_the_entry_point_below_the_first_mib(tmp_path: Path) -> None:
    image = memory(tmp_path / "mem", {0xF0050: version_2(0xE8000, len(TABLE)), 0xE8000: TABLE + b"beyond"})
    assert smbios_entry.from_memory(1 << 20, image, str(tmp_path / "systab")) == TABLE
    assert smbios_entry.from_memory(5, image, str(tmp_path / "systab")) == TABLE[:5]


def test_efi_leaves_the_entry_point_anywhere(tmp_path: Path) -> None:
    (tmp_path / "systab").write_text("SMBIOS3=0x200000\n")
    image = memory(tmp_path / "mem", {0x200000: version_3(0x300000, len(TABLE)), 0x300000: TABLE})
    assert smbios_entry.from_memory(1 << 20, image, str(tmp_path / "systab")) == TABLE


@pytest.mark.parametrize("systab", ["SMBIOS=0xffffffffffffffffff\n", "SMBIOS=-5\n", "SMBIOS=0x10\n", ""])
def test_memory_without_a_table_has_none(tmp_path: Path, systab: str) -> None:
    (tmp_path / "systab").write_text(systab)
    image = memory(tmp_path / "mem", {0xFFFFF: b"\0"})
    assert smbios_entry.from_memory(1 << 20, image, str(tmp_path / "systab")) is None
    assert smbios_entry.from_memory(1 << 20, str(tmp_path / "none"), "") is None


@given(st.binary(max_size=80), st.sampled_from([b"", b"_SM3_", b"_SM_", b"_DMI_"]), st.integers(0, 40))
def test_any_bytes_are_an_entry_point_or_none(data: bytes, anchor: bytes, at: int) -> None:
    area = data[:at] + anchor + data[at:]
    found = smbios_entry.find(area)
    assert found is None or len(found) == 2
    smbios_entry.parse(area)
    smbios_entry.efi_address(area)
