from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from leadline.linux import utmp


def wide(type: int, pid: int, line: bytes, user: bytes, host: bytes, seconds: int) -> bytes:
    """A record as 64-bit machines without a 32-bit sibling write it."""
    record = struct.pack("=h2xi32s4s32s256shhqqq16s20x4x", type, pid, line, b"", user, host, 0, 0, 0, seconds, 0, b"")
    assert len(record) == 400
    return record


def test_the_layout_of_aarch64_is_recognised() -> None:
    data = wide(7, 42, b"pts/3", b"ada", b"host", 1700000000) + wide(8, 42, b"pts/3", b"", b"", 1700000001)
    assert [(r.type, r.pid, r.line, r.user, r.host, r.seconds) for r in utmp.records(data)] == [
        (7, 42, "pts/3", "ada", "host", 1700000000),
        (8, 42, "pts/3", "", "", 1700000001),
    ]


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    assert len(list(utmp.records(data))) <= len(data) // 384


def test_names_that_fill_their_field_are_whole() -> None:
    data = struct.pack("=h2xi32s4s32s256shhiiI16s20x", 7, 1, b"l" * 32, b"", b"u" * 32, b"h" * 256, 0, 0, 0, 5, 0, b"")
    [record] = utmp.records(data)
    assert (record.line, record.user, record.host) == ("l" * 32, "u" * 32, "h" * 256)
