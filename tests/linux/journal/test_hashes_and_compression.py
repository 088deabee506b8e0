from __future__ import annotations

import lzma

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from leadline.linux.journal.compression import LZ4, XZ, ZSTD, lz4, unpacked
from leadline.linux.journal.hashes import jenkins, siphash24


def test_siphash_of_the_papers_example() -> None:
    assert siphash24(bytes(range(16)), bytes(range(15))) == 0xA129CA6149BE45E5
    assert siphash24(bytes(range(16)), b"") == 0x726FDB47DD0E0E31
    assert siphash24(bytes(range(16)), bytes(range(8))) == 0x93F5F5799A932462


def test_lookup3_of_its_authors_examples() -> None:
    assert jenkins(b"") == 0xDEADBEEF_DEADBEEF
    assert jenkins(b"Four score and seven years ago") == 0x17770551_CE7226E6


@given(st.binary(max_size=60))
def test_hashes_fit_into_64_bits(data: bytes) -> None:
    assert 0 <= siphash24(b"k" * 16, data) < 1 << 64
    assert 0 <= jenkins(data) < 1 << 64


def test_values_are_unpacked_as_far_as_the_limit() -> None:
    text = b"The same again. " * 1000
    assert unpacked(zstandard.compress(text), ZSTD, 1 << 20) == text
    assert unpacked(zstandard.compress(text), ZSTD, 20) == text[:20]
    assert unpacked(lzma.compress(text), XZ, 1 << 20) == text
    assert unpacked(lzma.compress(text), XZ, 20) == text[:20]


def test_lz4_blocks() -> None:
    assert lz4(b"\x50Hello", 99) == b"Hello"
    assert lz4(b"\x11a\x01\x00\x50bcdef", 99) == b"aaaaaabcdef"  # a match that overlaps what it writes
    assert lz4(b"\x32abc\x03\x00\x00", 99) == b"abcabcabc"
    assert lz4(b"\xf0\x01" + b"x" * 16, 99) == b"x" * 16
    assert lz4(b"\x1fa\x01\x00\xff\x05", 99) == b"a" * 99  # 280 of them, cut
    assert unpacked((5).to_bytes(8, "little") + b"\x50Hello", LZ4, 3) == b"Hel"


@pytest.mark.parametrize("data", [b"\x10a\x02\x00", b"\x10a\x00\x00"])
def test_lz4_matches_outside_of_the_data(data: bytes) -> None:
    with pytest.raises(ValueError, match="outside"):
        lz4(data, 99)


@given(st.binary(max_size=200), st.sampled_from([XZ, LZ4, ZSTD, 3, 7]), st.integers(0, 3))
def test_any_bytes_unpack_or_are_refused(data: bytes, kind: int, head: int) -> None:
    start = {XZ: lzma.compress(b"a" * 99), ZSTD: zstandard.compress(b"a" * 99)}.get(kind, b"\x40\0\0\0\0\0\0\0")
    try:
        assert len(unpacked(start[: len(start) * head // 3] + data, kind, 1000)) <= 1000
    except ValueError:
        pass


def test_a_bomb_does_not_go_off() -> None:
    assert len(unpacked(zstandard.compress(bytes(200 << 20)), ZSTD, 1 << 20)) == 1 << 20
    claims = (1 << 60).to_bytes(8, "little") + b"\x1fa\x01\x00" + b"\xff" * 100_000 + b"\0"
    assert len(unpacked(claims, LZ4, 1 << 20)) == 1 << 20
