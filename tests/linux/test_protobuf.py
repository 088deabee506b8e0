"""Protocol buffers: what the manual spells out byte by byte, round trips, and bytes that are no message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.linux import protobuf
from leadline.linux.protobuf import field, fields, scalars

# Examples of protobuf.dev, "Encoding".
TEST1 = b"\x08\x96\x01"
TEST2 = b"\x12\x07testing"
TEST3 = b"\x1a\x03" + TEST1


def test_the_examples_of_the_manual_are_read() -> None:
    assert list(fields(TEST1)) == [(1, 150)]
    assert list(fields(TEST2)) == [(2, b"testing")]
    assert list(fields(TEST3)) == [(3, TEST1)]


def test_the_examples_of_the_manual_are_written() -> None:
    assert field(1, 150) == TEST1
    assert field(2, "testing") == field(2, b"testing") == TEST2
    assert field(3, field(1, 150)) == TEST3
    assert field(1, -2) == b"\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"


def test_fields_of_fixed_width_are_read() -> None:
    assert list(fields(b"\x09\x01\0\0\0\0\0\0\x80\x15\xff\0\0\0")) == [(1, 1 << 63 | 1), (2, 255)]


def test_of_a_field_that_comes_twice_the_last_counts() -> None:
    assert scalars(field(1, 5) + field(2, "x") + field(1, 7)) == {1: 7, 2: b"x"}


def test_negative_numbers_come_back() -> None:
    assert protobuf.number(scalars(field(1, -62135596800))[1]) == -62135596800
    assert protobuf.number((1 << 63) - 1) == (1 << 63) - 1


def test_a_missing_field_or_one_of_another_kind_is_empty() -> None:
    assert protobuf.text(None) == protobuf.text(7) == ""
    assert protobuf.inner(None) == protobuf.inner(7) == b""
    assert protobuf.number(None) == protobuf.number(b"7") == 0
    assert protobuf.text(b"a\xff") == "a\\xFF"


def test_an_entry_of_a_map_may_leave_out_what_is_empty() -> None:
    assert protobuf.entry(field(1, "name") + field(2, "value")) == ("name", b"value")
    assert protobuf.entry(b"") == ("", b"")


NO_MESSAGES = {
    "a number without an end": b"\x08\x96",
    "a number of eleven bytes": b"\x08" + b"\xff" * 10 + b"\x01",
    "a text that is too short": b"\x12\x08testing",
    "a length beyond all memory": b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    "a group": b"\x0b\x0c",
    "an unknown type": b"\x0f",
    "field 0": b"\x00\x01",
    "half a fixed number": b"\x0d\x01",
}


@pytest.mark.parametrize("name", NO_MESSAGES)
def test_what_is_no_message_is_an_error(name: str) -> None:
    with pytest.raises(ValueError):
        list(fields(NO_MESSAGES[name]))


@given(st.lists(st.tuples(st.integers(1, (1 << 29) - 1), st.integers(0, (1 << 64) - 1) | st.binary() | st.text())))
def test_what_is_written_is_read(members: list[tuple[int, int | bytes | str]]) -> None:
    message = b"".join(field(number, value) for number, value in members)
    wanted = [(number, value.encode() if isinstance(value, str) else value) for number, value in members]
    assert list(fields(message)) == wanted


@given(st.binary())
def test_random_bytes_are_a_message_or_a_value_error(data: bytes) -> None:
    try:
        for _, value in fields(data):
            protobuf.text(value)
            protobuf.entry(protobuf.inner(value))
    except ValueError:
        pass
