"""Bodies of answers, unpacked up to a limit."""

from __future__ import annotations

import io
import zlib

CODINGS = "gzip, zstd"
"""What may be asked for, in the form of an Accept-Encoding header."""


class UnpackError(ValueError):
    """The body is not what its header says, or its end is missing."""


def unpacked(body: bytes, coding: str, most: int) -> bytes:
    """The content of a body of this Content-Encoding; of what is larger than ``most`` bytes, ``most`` and one more.

    Raises UnpackError.
    """
    coding = coding.strip().lower()
    if not body or coding in ("", "identity"):
        return body
    if coding in ("gzip", "x-gzip", "deflate"):
        return inflated(body, 31 if "gzip" in coding else 15, most)
    if coding == "zstd":
        return zstandard(body, most)
    raise UnpackError(f"it is packed with {coding[:20]!r}, which nobody asked for")


def inflated(body: bytes, window: int, most: int) -> bytes:
    """The content of gzip or zlib data."""
    unpacker = zlib.decompressobj(window)
    try:
        content = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        raise UnpackError(str(error)) from error
    if not unpacker.eof and len(content) <= most:
        raise UnpackError("its packed content has no end")
    return content


def zstandard(body: bytes, most: int) -> bytes:
    """The content of Zstandard data, whose window may be as large as RFC 9659 lets a server choose."""
    from zstandard import ZstdDecompressor, ZstdError

    try:
        with ZstdDecompressor(max_window_size=8 << 20).stream_reader(io.BytesIO(body)) as reader:
            pieces = []
            size = 0
            while size <= most and (piece := reader.read(min(65_536, most + 1 - size))):
                pieces.append(piece)
                size += len(piece)
    except ZstdError as error:
        raise UnpackError(str(error)) from error
    return b"".join(pieces)
