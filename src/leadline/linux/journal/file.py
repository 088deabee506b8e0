"""One journal file: its entries in their order, from a time on, or those with a certain value of a field.

Such a file is written by another process while we read it, can be cut anywhere and can hold anything. So nothing in it
is believed: every offset is checked, chains of objects only lead forward in the file, which is how they are written and
why they end, and what is damaged is left out. Bytes are read, never mapped: a mapped file that shrinks kills whoever
looks at it. Numbers are little-endian; the layouts are in JOURNAL_FILE_FORMAT and systemd's journal-def.h.
"""

from __future__ import annotations

import os
import stat

from leadline.linux.files import ABSENT
from leadline.linux.journal.compression import unpacked
from leadline.linux.journal.hashes import jenkins, siphash24

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Self

SIGNATURE = b"LPKSHHRH"
KEYED_HASH, COMPACT = 4, 16
KNOWN = 0x1F  # incompatible flags: three kinds of compression and the two above
ONLINE = 1
DATA, ENTRY, ENTRY_ARRAY = 1, 3, 6
HEADER = 208  # bytes that every version of the format has
ENTRY_HEADER = 64
ARRAY_HEADER = 24
VALUE = 1 << 20  # bytes of one field that are read

_GUESS = 512  # bytes that most objects fit into
_BLOCK = 1 << 16
_BLOCKS = 48  # kept in memory: 3 MiB a file
_CACHED = 20_000  # values
_SHORT = 1024  # bytes of the longest of them
_ENTRY = 16 << 20  # bytes of the fields of one entry
_NAME = 256  # bytes that a field's name ends in; systemd allows 64
_ARRAYS = 100_000
_ITEMS = 4096  # fields of one entry
_CHAIN = 10_000  # objects behind one place of the hash table


class DamagedError(ValueError):
    """Something in the file is not what it has to be."""


class Entry:
    """One entry: when, its place in the sequence, and where in the file its fields are. Times are in microseconds;
    ``monotonic`` is since the start of the system with ``boot_id``."""

    __slots__ = ("boot_id", "fields", "monotonic", "realtime", "seqnum", "xor_hash")

    def __init__(
        self, seqnum: int, realtime: int, monotonic: int, boot_id: str, xor_hash: int, fields: tuple[int, ...]
    ) -> None:
        self.seqnum = seqnum
        self.realtime = realtime
        self.monotonic = monotonic
        self.boot_id = boot_id
        self.xor_hash = xor_hash
        self.fields = fields


class JournalFile:
    """An open file; a context manager. ``head`` and ``tail`` are the times of its first and last entry."""

    __slots__ = (
        "_array", "_blocks", "_count", "_descriptor", "_entry", "_flags", "_hash_table", "_id", "_unpack", "_values",
        "compact", "head", "machine_id", "seqnum_id", "size", "start", "state", "tail",
    )  # fmt: skip

    def __init__(self, descriptor: int, size: int) -> None:
        from struct import Struct, unpack_from

        self._entry = Struct("<3Q16sQ")
        self._unpack = unpack_from
        self._descriptor = descriptor
        self._blocks: dict[int, bytes] = {}
        self._values: dict[int, tuple[str, bytes] | None] = {}
        self.size = size
        header = self.at(0, HEADER)
        if len(header) < HEADER or header[:8] != SIGNATURE:
            raise DamagedError("no journal file")
        self._flags, self.state = unpack_from("<IB", header, 12)
        if self._flags & ~KNOWN:
            raise DamagedError(f"flags {self._flags:#x} are not known")
        self.compact = bool(self._flags & COMPACT)
        self._id = header[24:40]
        self.machine_id, self.seqnum_id = header[40:56].hex(), header[72:88].hex()
        self.start, _, table, table_size = unpack_from("<4Q", header, 88)
        self._hash_table = (table, table_size)
        self._count, _, _, self._array, self.head, self.tail = unpack_from("<6Q", header, 152)

    @classmethod
    def open(cls, path: str) -> Self | None:
        """The file at a path; None when it is missing, forbidden or no regular file. Raises DamagedError for what is no
        journal file, or one of a kind that is not known."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            if error.errno in ABSENT:
                return None
            raise
        try:
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode):
                return cls(descriptor, status.st_size)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def at(self, offset: int, size: int) -> bytes:
        """Bytes of the file: fewer than asked for at its end."""
        block, start = divmod(offset, _BLOCK)
        data = self._blocks.get(block)
        if data is None:
            data = self._block(block)
        if start + size <= len(data):
            return data[start : start + size]
        if start + size <= _BLOCK:  # grown since
            return data[start:]
        return self._read(offset, size)

    def _block(self, number: int) -> bytes:
        if len(self._blocks) >= _BLOCKS:
            del self._blocks[next(iter(self._blocks))]
        data = self._blocks[number] = self._read(number * _BLOCK, _BLOCK)
        return data

    def _read(self, offset: int, size: int) -> bytes:
        try:
            return os.pread(self._descriptor, size, offset)
        except (OSError, OverflowError) as error:  # a bad sector, or an offset that no file has
            raise DamagedError(str(error)) from error

    def _object(self, offset: int, kind: int, least: int, most: int) -> bytes:
        """The object at an offset, at most this many bytes of it. It has to be of a kind and not smaller than that."""
        if offset < self.start or offset & 7:
            raise DamagedError(f"no object at {offset}")
        data = self.at(offset, _GUESS)
        length = int.from_bytes(data[8:16], "little")
        if len(data) < least or data[0] != kind or not least <= length <= self.size - offset:
            raise DamagedError(f"another object at {offset}")
        wanted = min(length, most)
        return data[:wanted] if wanted <= _GUESS else self.at(offset, wanted)

    def entry(self, offset: int) -> Entry:
        """The entry at an offset. Raises DamagedError."""
        data = self._object(offset, ENTRY, ENTRY_HEADER, ENTRY_HEADER + _ITEMS * 16)
        seqnum, realtime, monotonic, boot_id, xor_hash = self._entry.unpack_from(data, 16)
        if self.compact:
            count = len(data) - ENTRY_HEADER >> 2
            layout = f"<{count}I"
        else:
            count = len(data) - ENTRY_HEADER >> 4
            layout = "<" + "Q8x" * count
        return Entry(seqnum, realtime, monotonic, boot_id.hex(), xor_hash, self._unpack(layout, data, ENTRY_HEADER))

    def values(self, entry: Entry, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
        """The fields of an entry that are wanted: name and value. Damaged ones are left out, and so is what follows
        once they take more than an entry's share of memory."""
        known = self._values
        left = _ENTRY
        for offset in entry.fields:
            if offset in known:
                found = known[offset]
            else:
                try:
                    found = self._value(offset, wanted)
                except ValueError:
                    continue
            if found is not None:
                left -= len(found[1])
                if left < 0:
                    return
                yield found

    def _value(self, offset: int, wanted: Callable[[str], bool]) -> tuple[str, bytes] | None:
        """The field at an offset; None when it is not wanted. What several entries share is remembered."""
        payload, kind, uses = self._payload(offset)
        start = unpacked(payload, kind, _NAME) if kind else payload[:_NAME]
        name, equals, _ = start.partition(b"=")
        if not equals or not name.isascii():
            raise DamagedError("no field")
        text = name.decode()
        found = None
        if wanted(text):
            found = text, (unpacked(payload, kind, VALUE) if kind else payload)[len(name) + 1 :]
        if uses > 1 and (found is None or len(found[1]) <= _SHORT):
            if len(self._values) >= _CACHED:
                self._values.clear()
            self._values[offset] = found
        return found

    def _payload(self, offset: int, most: int = VALUE) -> tuple[bytes, int, int]:
        """What a data object holds (``most`` bytes of it), how it is compressed, and how many entries share it."""
        header = 72 if self.compact else 64
        data = self._object(offset, DATA, header, header + most)
        return data[header:], data[1] & 7, int.from_bytes(data[56:64], "little")

    def _holds(self, offset: int, field: bytes) -> bool:
        """Whether a data object holds just this field."""
        # What claims the same hash may be large and many. Compressed is only what that makes shorter.
        most = len(field) + 1
        payload, kind, _ = self._payload(offset, most)
        return (unpacked(payload, kind, most) if kind else payload) == field

    def entries(
        self, matches: Iterable[bytes] | None, since: int, until: int, cancelled: Callable[[], bool]
    ) -> Iterator[Entry]:
        """The entries within a time, both ends included: all, or those with one of the fields (``NAME=value``).

        A file may hold damaged ones only, and many: ``cancelled`` ends the search.
        """
        if matches is None:
            offsets = self._from(self._arrays(self._array, self._count, None), since)
        else:
            from heapq import merge

            found = [self._of_data(payload) for payload in matches]
            offsets = merge(*(self._from(arrays, since) for arrays in found if arrays))
        last = 0
        for offset in offsets:
            if offset == last:
                continue  # both fields asked for are in it
            last = offset
            try:
                entry = self.entry(offset)
            except DamagedError:
                entry = None
            if entry is None or entry.realtime < since:
                if cancelled():
                    return
            elif entry.realtime > until:
                return
            else:
                yield entry

    def _of_data(self, payload: bytes) -> list[tuple[int, int]]:
        """The arrays that list the entries with a field, found through the hash table; none when there is no such."""
        hashed = siphash24(self._id, payload) if self._flags & KEYED_HASH else jenkins(payload)
        table, size = self._hash_table
        places = size // 16
        try:
            if not places or table < self.start or table + size > self.size:
                raise DamagedError("no hash table")
            offset = int.from_bytes(self.at(table + hashed % places * 16, 8), "little")
            for _ in range(_CHAIN):
                if not offset:
                    break
                data = self._object(offset, DATA, 64, 64)
                if int.from_bytes(data[16:24], "little") == hashed and self._holds(offset, payload):
                    first, array, count = (int.from_bytes(data[at : at + 8], "little") for at in (40, 48, 56))
                    return self._arrays(array, count, first)
                following = int.from_bytes(data[24:32], "little")
                if following and following <= offset:
                    raise DamagedError("the chain goes back")
                offset = following
        except ValueError:
            pass
        return []

    def _arrays(self, offset: int, count: int, first: int | None) -> list[tuple[int, int]]:
        """The arrays of a chain that hold ``count`` entries: where the items begin, and how many there are.

        A data object holds the offset of the first entry itself: that is an array of one, given as (-offset, 1).
        """
        arrays = []
        if first:
            arrays.append((-first, 1))
            count -= 1
        width = 4 if self.compact else 8
        try:
            while offset and count > 0 and len(arrays) < _ARRAYS:
                header = self._object(offset, ENTRY_ARRAY, ARRAY_HEADER, ARRAY_HEADER)
                size, following = (int.from_bytes(header[at : at + 8], "little") for at in (8, 16))
                held = min((size - ARRAY_HEADER) // width, count)
                arrays.append((offset + ARRAY_HEADER, held))
                count -= held
                if following and following <= offset:
                    break
                offset = following
        except DamagedError:
            pass
        return arrays

    def _items(self, array: tuple[int, int], first: int) -> Iterator[int]:
        """The offsets that an array holds, from one on; 0 ends them, where nothing was written yet."""
        from struct import iter_unpack

        start, count = array
        if start < 0:
            if not first:
                yield -start
            return
        width, layout = (4, "<I") if self.compact else (8, "<Q")
        for at in range(first, count, 1024):
            data = self.at(start + at * width, min(1024, count - at) * width)
            for (offset,) in iter_unpack(layout, data[: len(data) - len(data) % width]):
                if not offset:
                    return
                yield offset

    def _from(self, arrays: list[tuple[int, int]], since: int) -> Iterator[int]:
        """The offsets of a chain from a time on: first the array is looked for, then the place in it."""
        low, high = 0, len(arrays)
        while low < high:  # the last array that begins before the time
            middle = (low + high) // 2
            if self._before(arrays[middle], 0, since):
                low = middle + 1
            else:
                high = middle
        number = max(low - 1, 0)
        first = self._place(arrays[number], since) if since > 0 and arrays else 0
        for array in arrays[number:]:
            yield from self._items(array, first)
            first = 0

    def _place(self, array: tuple[int, int], since: int) -> int:
        low, high = 0, array[1]
        while low < high:
            middle = (low + high) // 2
            if self._before(array, middle, since):
                low = middle + 1
            else:
                high = middle
        return low

    def _before(self, array: tuple[int, int], number: int, since: int) -> bool:
        """Whether the entry at a place of an array is older; one that cannot be read counts as younger."""
        try:
            offset = next(self._items((array[0], min(array[1], number + 1)), number), 0)
            return int.from_bytes(self._object(offset, ENTRY, ENTRY_HEADER, ENTRY_HEADER)[24:32], "little") < since
        except DamagedError:
            return False
