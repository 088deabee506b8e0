"""Values that a journal file holds compressed. What they unpack to is bounded, whatever they claim."""

from __future__ import annotations

XZ, LZ4, ZSTD = 1, 2, 4
_MEMORY = 64 << 20  # that unpacking one value may take


def unpacked(data: bytes, kind: int, limit: int) -> bytes:
    """The first ``limit`` bytes of a compressed value. Raises ValueError for what cannot be unpacked."""
    if kind == ZSTD:
        return _zstd(data, limit)
    if kind == XZ:
        return _xz(data, limit)
    if kind == LZ4:
        return lz4(data[8:], min(int.from_bytes(data[:8], "little"), limit))
    raise ValueError(f"compression {kind} is not known")


def _zstd(data: bytes, limit: int) -> bytes:
    import zstandard

    try:
        with zstandard.ZstdDecompressor(max_window_size=_MEMORY).stream_reader(data) as reader:
            return reader.read(limit)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


def _xz(data: bytes, limit: int) -> bytes:
    import lzma

    try:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY).decompress(data, limit)
    except (lzma.LZMAError, EOFError, MemoryError) as error:
        raise ValueError(str(error)) from error


def lz4(data: bytes, limit: int) -> bytes:
    """The first ``limit`` bytes of a block of LZ4, lz4_Block_format.md. Raises ValueError for one that is damaged."""
    out = bytearray()
    at, end = 0, len(data)
    while at < end and len(out) < limit:
        token = data[at]
        length, at = _length(data, at + 1, token >> 4)
        out += data[at : at + length]
        at += length
        if at >= end:  # the last sequence is literals only
            break
        distance = int.from_bytes(data[at : at + 2], "little")
        length, at = _length(data, at + 2, token & 15)
        length = min(length + 4, limit - len(out))
        start = len(out) - distance
        if not distance or start < 0:
            raise ValueError("a match lies outside of the data")
        if distance < length:  # what is copied is copied again
            chunk = bytes(out[start:])
            out += (chunk * (length // distance + 1))[:length]
        else:
            out += out[start : start + length]
    return bytes(out[:limit])


def _length(data: bytes, at: int, start: int) -> tuple[int, int]:
    """A length whose first part is in the token, and where it ends."""
    length = start
    if start == 15:
        while at < len(data):
            more = data[at]
            at += 1
            length += more
            if more != 255:
                break
    return length, at
