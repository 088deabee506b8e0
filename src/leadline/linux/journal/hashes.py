"""The hash functions by which a journal file finds a field's value."""

from __future__ import annotations

_32 = 0xFFFFFFFF
_64 = 0xFFFFFFFFFFFFFFFF


def siphash24(key: bytes, data: bytes) -> int:
    """SipHash-2-4 with a key of 16 bytes: the hash of newer files, Aumasson and Bernstein 2012."""
    first, second = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:16], "little")
    state = (
        first ^ 0x736F6D6570736575,
        second ^ 0x646F72616E646F6D,
        first ^ 0x6C7967656E657261,
        second ^ 0x7465646279746573,
    )
    end = len(data) & ~7
    words = [int.from_bytes(data[at : at + 8], "little") for at in range(0, end, 8)]
    words.append(int.from_bytes(data[end:], "little") | (len(data) & 0xFF) << 56)
    for word in words:
        a, b, c, d = state
        a, b, c, d = _round(*_round(a, b, c, d ^ word))
        state = a ^ word, b, c, d
    a, b, c, d = state
    c ^= 0xFF
    for _ in range(4):
        a, b, c, d = _round(a, b, c, d)
    return a ^ b ^ c ^ d


def _round(a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    a = (a + b) & _64
    b = _left(b, 13, 64) ^ a
    a = _left(a, 32, 64)
    c = (c + d) & _64
    d = _left(d, 16, 64) ^ c
    a = (a + d) & _64
    d = _left(d, 21, 64) ^ a
    c = (c + b) & _64
    b = _left(b, 17, 64) ^ c
    c = _left(c, 32, 64)
    return a, b, c, d


def jenkins(data: bytes) -> int:
    """lookup3's hashlittle2 with both seeds 0, the first of its results as the high half: the hash of older files."""
    a = b = c = 0xDEADBEEF + len(data) & _32
    left = len(data)
    at = 0
    while left > 12:
        a, b, c = _mix(*_added(a, b, c, data[at : at + 12]))
        at += 12
        left -= 12
    if left:
        a, b, c = _final(*_added(a, b, c, data[at:].ljust(12, b"\0")))
    return c << 32 | b


def _added(a: int, b: int, c: int, block: bytes) -> tuple[int, int, int]:
    first, second, third = (int.from_bytes(block[at : at + 4], "little") for at in (0, 4, 8))
    return a + first & _32, b + second & _32, c + third & _32


def _mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    a = (a - c & _32) ^ _left(c, 4, 32)
    c = c + b & _32
    b = (b - a & _32) ^ _left(a, 6, 32)
    a = a + c & _32
    c = (c - b & _32) ^ _left(b, 8, 32)
    b = b + a & _32
    a = (a - c & _32) ^ _left(c, 16, 32)
    c = c + b & _32
    b = (b - a & _32) ^ _left(a, 19, 32)
    a = a + c & _32
    c = (c - b & _32) ^ _left(b, 4, 32)
    b = b + a & _32
    return a, b, c


def _final(a: int, b: int, c: int) -> tuple[int, int, int]:
    c = (c ^ b) - _left(b, 14, 32) & _32
    a = (a ^ c) - _left(c, 11, 32) & _32
    b = (b ^ a) - _left(a, 25, 32) & _32
    c = (c ^ b) - _left(b, 16, 32) & _32
    a = (a ^ c) - _left(c, 4, 32) & _32
    b = (b ^ a) - _left(a, 14, 32) & _32
    c = (c ^ b) - _left(b, 24, 32) & _32
    return a, b, c


def _left(value: int, count: int, width: int) -> int:
    return (value << count | value >> width - count) & (1 << width) - 1
