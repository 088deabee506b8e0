"""The hash format of Berkeley DB, which rpm kept its Packages in up to 4.15.

Format: Berkeley DB, dbinc/db_page.h and hash/hash_page.c. A page of metadata, then pages of key and data pairs; items
that are too large for a page lie in a chain of overflow pages. Numbers are in the byte order of the machine that
wrote the file.
"""

from __future__ import annotations

import os

from leadline.linux.rpmheader import LARGEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MAGIC = b"\x00\x06\x15\x61"
_PAGE_HEADER = 26
_HASH_PAGES = (2, 8, 13)  # P_HASH_UNSORTED, P_HASHMETA, P_HASH
_OVERFLOW_PAGE = 7
_ON_PAGE, _OFF_PAGE = 1, 3


class _File:
    __slots__ = ("_descriptor", "last", "meta", "order", "page_size")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.meta = os.pread(descriptor, 512, 0)
        magic = self.meta[12:16]
        if len(self.meta) < 512 or magic not in (_MAGIC, _MAGIC[::-1]):
            raise ValueError("not a hash database of Berkeley DB")
        self.order = ">" if magic == _MAGIC else "<"
        self.page_size = self.number(20)
        if self.page_size not in (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536):
            raise ValueError("a Berkeley DB with a page size that is none")
        self.last = min(self.number(32), os.fstat(descriptor).st_size // self.page_size)

    def number(self, offset: int) -> int:
        """A number of the page of metadata."""
        return int.from_bytes(self.meta[offset : offset + 4], "big" if self.order == ">" else "little")

    def page(self, number: int) -> bytes:
        """A page; empty when there is none of that number."""
        if not 0 < number <= self.last:
            return b""
        data = os.pread(self._descriptor, self.page_size, number * self.page_size)
        return data if len(data) == self.page_size else b""


def blobs(descriptor: int, wanted: Callable[[bytes], bool], prefix: int) -> Iterator[bytes]:
    """The headers, those whose first ``prefix`` bytes are ``wanted``, in the order of the hash table.

    A page that is damaged, and what hangs on it, is passed over. Raises ValueError for a file of another format.
    """
    file = _File(descriptor)
    left = os.fstat(descriptor).st_size  # items do not overlap, so together they are no longer than the file
    for key, item in _pairs(file):
        if not any(key):
            continue  # under the number 0 rpm notes the next number
        if item[:1] == bytes((_ON_PAGE,)):
            if wanted(item[1:]):
                yield item[1:]
            continue
        if item[:1] != bytes((_OFF_PAGE,)) or len(item) != 12:
            continue
        order = "big" if file.order == ">" else "little"
        first, length = int.from_bytes(item[4:8], order), int.from_bytes(item[8:12], order)  # type: ignore[arg-type]
        if length > min(left, LARGEST):
            continue
        left -= length
        if length > prefix and not wanted(_overflow(file, first, prefix)[:prefix]):
            continue
        blob = _overflow(file, first, length)
        if len(blob) == length and (length > prefix or wanted(blob)):
            yield blob


def _pairs(file: _File) -> Iterator[tuple[bytes, bytes]]:
    """Each key and the item beside it as it lies on the page: with its type in front."""
    for page in _pages(file):
        for key, item in _items(file, page):
            if key[:1] == bytes((_ON_PAGE,)):
                yield key[1:], item


def _pages(file: _File) -> Iterator[bytes]:
    """The pages of all buckets. No page is visited twice, whatever the chains say."""
    from struct import unpack_from

    buckets = min(file.number(72), file.last) + 1
    spares = unpack_from(f"{file.order}32I", file.meta, 96)
    seen: set[int] = set()
    for bucket in range(buckets):
        place = bucket.bit_length()
        number = bucket + spares[place] if place < 32 else 0
        while number not in seen:
            seen.add(number)
            page = file.page(number)
            if not page or page[25] not in _HASH_PAGES:
                break
            yield page
            (number,) = unpack_from(f"{file.order}I", page, 16)


def _items(file: _File, page: bytes) -> Iterator[tuple[bytes, bytes]]:
    from struct import unpack_from

    (entries,) = unpack_from(f"{file.order}H", page, 20)
    entries = min(entries, (len(page) - _PAGE_HEADER) // 2)
    offsets = unpack_from(f"{file.order}{entries}H", page, _PAGE_HEADER)
    end = len(page)  # items lie from the end of the page downwards
    for place in range(0, entries - 1, 2):
        key, item = offsets[place], offsets[place + 1]
        if not _PAGE_HEADER <= item < key < end:
            return
        yield page[key:end], page[item:key]
        end = item


def _overflow(file: _File, first: int, length: int) -> bytes:
    """At least ``length`` bytes of a chain of overflow pages, where it has as many."""
    from struct import unpack_from

    parts: list[bytes] = []
    number, left = first, length
    for _ in range(file.last):
        page = file.page(number)
        if left <= 0 or not page or page[25] != _OVERFLOW_PAGE:
            break
        number, _, used = unpack_from(f"{file.order}IHH", page, 16)
        if used < min(left, file.page_size - _PAGE_HEADER):
            break  # only the last page of a chain has room left
        parts.append(page[_PAGE_HEADER : _PAGE_HEADER + used])
        left -= len(parts[-1])
    return b"".join(parts)
