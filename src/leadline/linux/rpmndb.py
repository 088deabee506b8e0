"""rpm's own database format, Packages.db: the headers of the installed packages.

Format: rpm, lib/backend/ndb/rpmpkg.c. Pages of slots (magic, package number, first block, number of blocks) and
behind them, in blocks of 16 bytes, a head (magic, number, generation, length), the header, a tail. All little-endian.
"""

from __future__ import annotations

import os

from leadline.linux.rpmheader import LARGEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PAGE = 4096
_BLOCK = 16
_HEADER = 32


def blobs(descriptor: int, wanted: Callable[[bytes], bool], prefix: int) -> Iterator[bytes]:
    """The headers in the order they lie in the file, those whose first ``prefix`` bytes are ``wanted``.

    A slot that is damaged is passed over. Raises ValueError for a file of another format.
    """
    from struct import unpack

    start = os.pread(descriptor, _HEADER, 0)
    if len(start) < _HEADER or start[:8] != b"RpmP\0\0\0\0":
        raise ValueError("not a package database of rpm's ndb")
    pages = int.from_bytes(start[12:16], "little")
    size = os.fstat(descriptor).st_size
    left = size  # headers do not overlap, so together they are no longer than the file
    for number, block in sorted(_slots(descriptor, min(pages, size // _PAGE)), key=lambda slot: slot[1]):
        head = os.pread(descriptor, _BLOCK + prefix, block * _BLOCK)
        if len(head) < _BLOCK:
            continue
        magic, found, _, length = unpack("<4sIII", head[:_BLOCK])
        if magic != b"BlbS" or found != number or length > min(left, LARGEST):
            continue
        left -= length
        if not wanted(head[_BLOCK : _BLOCK + length]):
            continue
        blob = os.pread(descriptor, length, (block + 1) * _BLOCK) if length > prefix else head[_BLOCK : _BLOCK + length]
        if len(blob) == length:
            yield blob


def _slots(descriptor: int, pages: int) -> Iterator[tuple[int, int]]:
    """Package number and first block of each slot in use."""
    from struct import iter_unpack

    for page in range(pages):
        data = os.pread(descriptor, _PAGE, page * _PAGE)
        if len(data) < _PAGE:
            return
        for magic, number, block, _ in iter_unpack("<4sIII", data[_HEADER:] if page == 0 else data):
            if magic == b"Slot" and number and block:
                yield number, block
