"""Rows of cacheable tables that scheduled queries share.

As in osquery, a scan is answered from the rows of an earlier one when it reads all columns that ``SELECT *`` has and
asks for nothing that the table itself narrows by, until the query that had them made is due again: it never gets its
own rows once more. The rows are packed: what is kept for an hour should not take the memory of what is in use.
"""

from __future__ import annotations

from _thread import allocate_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadline.sql.schema import Row

BATCH = 500  # rows that are packed, and unpacked, at once
MAX_TABLE = 1 << 20  # bytes of one table's rows, packed
MAX_TOTAL = 4 << 20


class Kept:
    """The rows of a table, packed; made at a second of the schedule, good before another."""

    __slots__ = ("batches", "columns", "made", "size", "until")

    def __init__(self, columns: frozenset[str], made: int, until: int) -> None:
        self.columns = columns
        self.made = made
        self.until = until
        self.batches: list[bytes] = []
        self.size = 0


class TableCache:
    """The rows by table. Any thread may use it."""

    __slots__ = ("kept", "lock")

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.kept: dict[str, Kept] = {}

    def find(self, name: str, columns: frozenset[str], second: int) -> Iterator[Row] | None:
        """The rows of a table that has at least these columns, when they are recent enough."""
        kept = self.kept.get(name)
        if kept is None or not kept.made <= second < kept.until or not columns <= kept.columns:
            return None
        return unpacked(kept.batches)

    def keep(self, name: str, kept: Kept) -> None:
        """Take the rows of a table; those that are kept longest make room."""
        with self.lock:
            others = {other: one for other, one in self.kept.items() if other != name}
            total = sum(one.size for one in others.values()) + kept.size
            for other, one in sorted(others.items(), key=lambda item: item[1].made):
                if total <= MAX_TOTAL:
                    break
                total -= one.size
                del others[other]
            self.kept = {**others, name: kept}

    def prune(self, second: int) -> None:
        """Forget what is too old."""
        if any(second >= kept.until for kept in self.kept.values()):
            with self.lock:
                self.kept = {name: kept for name, kept in self.kept.items() if second < kept.until}


class Window:
    """What one run of a scheduled query may do with the cache: its second and its interval."""

    __slots__ = ("cache", "interval", "second")

    def __init__(self, cache: TableCache, second: int, interval: int) -> None:
        self.cache = cache
        self.second = second
        self.interval = interval

    def rows(
        self,
        name: str,
        columns: frozenset[str],
        make: Callable[[], Iterator[Row]],
        cancelled: Callable[[], bool],
    ) -> Iterator[Row]:
        """The rows of a scan: the kept ones, or new ones, which are kept once the last has been read."""
        found = self.cache.find(name, columns, self.second)
        return self.recorded(name, columns, make(), cancelled) if found is None else found

    def recorded(
        self, name: str, columns: frozenset[str], rows: Iterator[Row], cancelled: Callable[[], bool]
    ) -> Iterator[Row]:
        """The rows as they are made. Those of a scan that fails or is left early are not kept."""
        due = (self.second // self.interval + 1) * self.interval  # queries run at multiples of their intervals
        kept = Kept(columns, self.second, due)
        waiting: list[Row] = []
        for row in rows:
            waiting.append(tuple(row))
            if len(waiting) == BATCH:
                if not add(kept, waiting):
                    yield row
                    yield from rows
                    return
                waiting = []
            yield row
        if add(kept, waiting) and not cancelled():
            self.cache.prune(self.second)
            self.cache.keep(name, kept)


def add(kept: Kept, rows: list[Row]) -> bool:
    """Pack rows; whether they can be kept and are not too much."""
    from marshal import dumps
    from zlib import compress

    try:
        batch = compress(dumps(rows), 1)
    except ValueError:  # a value that is no plain number, text or bytes
        return False
    kept.batches.append(batch)
    kept.size += len(batch)
    return kept.size <= MAX_TABLE


def unpacked(batches: list[bytes]) -> Iterator[Row]:
    """The rows."""
    from marshal import loads
    from zlib import decompress

    for batch in batches:
        yield from loads(decompress(batch))  # noqa: S302 - our own, and never outside of this process
