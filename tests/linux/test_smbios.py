from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from leadline.linux import smbios

# an oem structure, a memory device and the end, with strings of all kinds of length
TABLE = (
    b"\x0b\x05\x00\x0b\x02Acme\0second  \0\0"
    + struct.pack("<BBH", 17, 92, 0x1100)
    + bytes(range(1, 89))
    + b"A1\0B0\0\xff\xfe\0\0"
    + b"\x7f\x04\xff\xfe\0\0"
)


def read(data: bytes) -> list[smbios.Structure]:
    """The structures, after every number and text of them has been asked for."""
    found = list(smbios.parse(data))
    for structure in found:
        for offset in range(256):
            for size in (1, 2, 4, 8):
                number = structure.integer(offset, size)
                assert number is None or (0 <= number < 1 << 8 * size and offset + size <= structure.length)
            text = structure.text(offset)
            assert text is None or text.encode() is not None
    return found


def test_structures_are_told_apart_by_two_zeros() -> None:
    oem, memory, end = read(TABLE)
    assert (oem.number, oem.type, oem.handle, oem.length, oem.string(2)) == (0, 11, 0x0B00, 5, "second")
    assert (memory.number, memory.type, memory.handle, memory.string(1), memory.string(4)) == (1, 17, 0x1100, "A1", "")
    assert (end.type, len(end.data)) == (127, 6)
    assert oem.data + memory.data + end.data == TABLE


def test_strings_that_are_no_text_are_escaped() -> None:
    assert [structure.string(3) for structure in read(TABLE)] == ["", "\\xFF\\xFE", ""]


def test_fields_end_with_the_formatted_part() -> None:
    oem = read(TABLE)[0]
    assert oem.integer(4) == 2
    assert oem.integer(5) is None
    assert oem.integer(4, 2) is None
    assert oem.text(5) is None


def test_a_table_ends_at_zeros_and_where_it_is_broken() -> None:
    assert len(read(TABLE + bytes(1000))) == 3
    assert len(read(TABLE[:20] + b"\x11\x02\0\0" + TABLE)) <= 2
    assert read(b"\x11\x20\0\0short") == []
    assert [structure.string(1) for structure in read(b"\x0b\x05\0\0\1no end")] == ["no end"]


@given(st.binary(max_size=600))
def test_any_bytes_are_read_to_an_end(data: bytes) -> None:
    assert sum(len(structure.data) for structure in read(data)) <= len(data)


@given(st.lists(st.tuples(st.integers(0, len(TABLE) - 1), st.integers(0, 255)), max_size=8), st.integers(0, len(TABLE)))
def test_a_damaged_table_is_read_to_an_end(changes: list[tuple[int, int]], length: int) -> None:
    data = bytearray(TABLE)
    for offset, byte in changes:
        data[offset] = byte
    assert sum(len(structure.data) for structure in read(bytes(data[:length]))) <= length
