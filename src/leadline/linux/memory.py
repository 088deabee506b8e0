"""What a process has in memory: proc_pid_maps(5), proc_pid_mem(5), and proc_pid_pagemap(5).

Reading another process's memory takes the right to trace it, ptrace(2).
"""

from __future__ import annotations

import os

from leadline.linux import proc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SLICE = 4 << 20  # bytes that are read at once, a multiple of any page size
_BLOCK = 512 << 20  # bytes whose pages are asked about at once, a multiple of the slices
_PAGE_ENTRY = 8  # bytes of pagemap for one page, little-endian
_ABSENT = bytes(range(64))  # highest bytes of entries without the bits for "there" and "swapped out"
_NO_ACCESS = ("[vvar]", "[vvar_vclock]", "[vsyscall]")


def windows(pid: int, size: int) -> Iterator[tuple[bytes, list[tuple[int, int]]]]:
    """The readable memory in pieces of ``size`` bytes or a little more, each with (offset in it, address) of its parts.

    Anonymous memory that was never touched, of which programs reserve terabytes, and devices are left out. Raises
    OSError when there is no such process or no right to read its memory.
    """
    memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        pages = _opened(f"/proc/{pid}/pagemap")
        try:
            yield from _joined(_slices(pid, memory, pages), size)
        finally:
            if pages is not None:
                os.close(pages)
    finally:
        os.close(memory)


def _opened(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _joined(slices: Iterator[tuple[int, bytes]], size: int) -> Iterator[tuple[bytes, list[tuple[int, int]]]]:
    parts: list[bytes] = []
    places: list[tuple[int, int]] = []
    length = 0
    for address, data in slices:
        places.append((length, address))
        parts.append(data)
        length += len(data)
        if length >= size:
            yield b"".join(parts), places
            parts, places, length = [], [], 0
    if parts:
        yield b"".join(parts), places


def _slices(pid: int, memory: int, pages: int | None) -> Iterator[tuple[int, bytes]]:
    """Address and bytes of what can be read. A slice that is only partly there comes as far as it is."""
    for first, last, permissions, _, _, inode, path in proc.memory_map("", pid):
        if not permissions.startswith("r") or path in _NO_ACCESS or path.startswith("/dev/"):
            continue
        for address, length in _touched(int(first, 16), int(last, 16), None if inode else pages):
            try:
                data = os.pread(memory, length, address)
            except (OSError, OverflowError):
                continue
            if data:
                yield address, data


def _touched(start: int, end: int, pages: int | None) -> Iterator[tuple[int, int]]:
    """Address and length of the slices of a region, without those of which no page is there or swapped out."""
    size = os.sysconf("SC_PAGE_SIZE")
    for block in range(start, end, _BLOCK):
        length = min(_BLOCK, end - block)
        flags = _flags(pages, block // size, length // size)
        for offset in range(0, length, _SLICE):
            if flags is None or flags[offset // size : (offset + _SLICE) // size].translate(None, _ABSENT):
                yield block + offset, min(_SLICE, length - offset)


def _flags(pages: int | None, first: int, count: int) -> bytes | None:
    """The highest byte of each page's entry; None when they cannot be read."""
    if pages is None:
        return None
    try:
        entries = os.pread(pages, count * _PAGE_ENTRY, first * _PAGE_ENTRY)
    except (OSError, OverflowError):
        return None
    return entries[_PAGE_ENTRY - 1 :: _PAGE_ENTRY] if len(entries) == count * _PAGE_ENTRY else None
