"""Machines to ask about: firmware tables, devices and EFI variables, laid out as the kernel shows them."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

Structure = Callable[..., bytes]


@pytest.fixture
def structure() -> Structure:
    """``structure(17, 0x1100, formatted, "string", ...)``: one SMBIOS structure with its strings."""

    def build(type: int, handle: int, formatted: bytes = b"", *strings: str) -> bytes:
        texts = b"".join(string.encode() + b"\0" for string in strings) or b"\0"
        return struct.pack("<BBH", type, 4 + len(formatted), handle) + formatted + texts + b"\0"

    return build


@pytest.fixture
def firmware(tree: Callable[[dict[str, str | bytes]], str]) -> Callable[..., str]:
    """``firmware(structure, ...)``: a root whose SMBIOS table has these structures, and further files by name."""

    def build(*structures: bytes, files: dict[str, str | bytes] | None = None) -> str:
        return tree({"sys/firmware/dmi/tables/DMI": b"".join(structures), **(files or {})})

    return build


@pytest.fixture
def dump() -> Callable[..., bytes]:
    """``dump(structure, ...)``: the same table as dmidecode reads it from a file: an entry point, then the table."""

    def build(*structures: bytes) -> bytes:
        table = b"".join(structures)
        entry = bytearray(b"_SM3_\0" + struct.pack("<BBBBBBIQ", 24, 3, 7, 0, 1, 0, len(table), 32))
        entry[5] = -sum(entry) & 0xFF
        return bytes(entry).ljust(32, b"\0") + table

    return build
