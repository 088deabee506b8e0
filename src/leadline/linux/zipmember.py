"""One file out of a ZIP archive, as archives of plugins need it: without a list of all the others.

The archive's directory at its end (APPNOTE.TXT of PKWARE, sections 4.3.12 and 4.3.16) is searched within bounds, and
no more is unpacked than was asked for. Archives beyond 4 GiB, parted or encrypted ones are not read.
"""

from __future__ import annotations

import os

_END = b"PK\x05\x06"
_END_SIZE = 22
_COMMENT = 65535  # bytes at most behind the end of the directory
_ENTRY = b"PK\x01\x02"
_LARGEST_DIRECTORY = 32 << 20
_STORED, _DEFLATED = 0, 8
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


def read(path: str, name: bytes, limit: int) -> bytes | None:
    """The first ``limit`` bytes of a member; None when there is no such archive or member, or it is damaged."""
    try:
        archive = os.open(path, _FLAGS)
    except (OSError, ValueError):
        return None
    try:
        return _member(archive, name, limit)
    except OSError:
        return None
    finally:
        os.close(archive)


def _member(archive: int, name: bytes, limit: int) -> bytes | None:
    import struct

    directory = _directory(archive)
    # The name stands behind 46 bytes of its entry; in a comment or another name it may occur too.
    at = directory.find(name)
    while at >= 0:
        entry = at - 46
        if entry >= 0 and directory.startswith(_ENTRY, entry):
            flags, method, packed, length, offset = struct.unpack_from("<8xHH8xI4xH12xI", directory, entry)
            if length == len(name) and not flags & 1:
                return _unpacked(archive, offset, method, packed, limit)
        at = directory.find(name, at + 1)
    return None


def _directory(archive: int) -> bytes:
    """The central directory, empty when there is none."""
    import struct

    size = os.fstat(archive).st_size
    start = max(size - _END_SIZE - _COMMENT, 0)
    tail = os.pread(archive, _END_SIZE + _COMMENT, start)
    at = tail.rfind(_END)
    if at < 0 or at + _END_SIZE > len(tail):
        return b""
    length, offset = struct.unpack_from("<12xII", tail, at)
    if length > _LARGEST_DIRECTORY:
        return b""
    # What precedes the archive, such as a program that unpacks it, is not counted in its offsets.
    return os.pread(archive, length, max(start + at - length, 0)) if offset + length <= start + at else b""


def _unpacked(archive: int, offset: int, method: int, packed: int, limit: int) -> bytes | None:
    import struct
    import zlib

    header = os.pread(archive, 30, offset)
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
        return None
    name, extra = struct.unpack_from("<26xHH", header)
    data = os.pread(archive, min(packed, limit + limit // 1000 + 100), offset + 30 + name + extra)
    if method == _STORED:
        return data[:limit]
    if method != _DEFLATED:
        return None
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, limit)
    except zlib.error:
        return None
