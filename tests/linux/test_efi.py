from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.linux import efi

SHA256 = bytes.fromhex("2616c4c14c509240aca941f936934328")  # EFI_CERT_SHA256_GUID


def signature_list(kind: bytes, *signatures: bytes, header: bytes = b"") -> bytes:
    """A list of signatures of one length, each with its owner's GUID before it."""
    each = 16 + len(signatures[0])
    head = struct.pack("<III", 28 + len(header) + each * len(signatures), len(header), each)
    return kind + head + header + b"".join(bytes(16) + signature for signature in signatures)


LISTS = (
    signature_list(efi.X509, b"one certificate")
    + signature_list(SHA256, bytes(32), b"\1" * 32, header=b"head")
    + signature_list(efi.X509, b"another")
)


def test_signatures_are_told_with_their_kind() -> None:
    assert list(efi.signatures(LISTS)) == [
        (efi.X509, b"one certificate"),
        (SHA256, bytes(32)),
        (SHA256, b"\1" * 32),
        (efi.X509, b"another"),
    ]


def test_a_list_that_is_longer_than_the_variable_ends_the_reading() -> None:
    assert len(list(efi.signatures(LISTS[:-1]))) == 3
    assert list(efi.signatures(efi.X509 + struct.pack("<III", 4, 0, 20) + LISTS)) == []


def test_a_list_of_nothing_is_passed_over() -> None:
    empty = efi.X509 + struct.pack("<III", 28 + 40, 0, 16) + bytes(40)
    far = efi.X509 + struct.pack("<III", 28 + 40, 0xFFFFFFFF, 20) + bytes(40)
    assert len(list(efi.signatures(empty + far + LISTS))) == 4


@given(st.binary(max_size=200), st.integers(0, len(LISTS)), st.integers(0, len(LISTS)))
def test_any_bytes_are_read_to_an_end(data: bytes, start: int, stop: int) -> None:
    for lists in (data, LISTS[:start] + data + LISTS[stop:]):
        assert sum(len(content) + 16 for _, content in efi.signatures(lists)) <= len(lists)


Tree = Callable[[dict[str, bytes]], str]


@pytest.fixture
def machine(tmp_path: Path) -> Tree:
    def plant(files: dict[str, bytes]) -> str:
        for name, data in files.items():
            path = tmp_path / "sys/firmware/efi" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return str(tmp_path)

    return plant


def test_variables_have_attributes_before_their_value(machine: Tree) -> None:
    root = machine({f"efivars/Boot-{efi.GLOBAL}": b"\7\0\0\0value", f"efivars/Odd-{efi.GLOBAL}": b"\7\0"})
    assert efi.present(root)
    assert efi.variable(root, "Boot") == b"value"
    assert efi.variable(root, "Odd") is None
    assert efi.variable(root, "None") is None


def test_variables_may_be_in_the_older_files(machine: Tree) -> None:
    assert efi.variable(machine({f"vars/Boot-{efi.GLOBAL}/data": b"value"}), "Boot") == b"value"


def test_variables_of_a_name_are_found_whatever_their_vendor(machine: Tree) -> None:
    root = machine({f"efivars/{name}": b"\0\0\0\0" for name in ("db-b", "db-a", "dbx-a", "adb-a", "db")})
    assert efi.paths(root, "db") == [f"{efi.VARIABLES}/db-a", f"{efi.VARIABLES}/db-b"]
    assert efi.paths("/nowhere", "db") == []
    assert not efi.present("/nowhere")
