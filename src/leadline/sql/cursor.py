"""Cursors: one scan of a table, as SQLite steps through it."""

from __future__ import annotations

from time import thread_time

import apsw

from leadline.sql.cost import ALWAYS, NEVER, SAMPLED
from leadline.sql.memo import indexed, scanned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from leadline.sql.cost import Cost
    from leadline.sql.host import HostedTable
    from leadline.sql.schema import Row, Value


class Cursor:
    """One scan (apsw's VTCursor). ``row`` is the current row, None behind the last one."""

    __slots__ = ("cost", "count", "defaults", "hosted", "mask", "places", "row", "rows", "seen")

    cost: Cost

    def __init__(self, hosted: HostedTable) -> None:
        self.hosted = hosted
        self.defaults = hosted.defaults
        self.places = hosted.places
        self.rows: Iterator[Row] = iter(())
        self.row: Row | None = None
        self.count = 0  # rows of this scan
        self.mask = NEVER
        self.seen: dict[tuple[Any, ...], int] = {}  # rows whose number was asked for, and how often

    def Filter(self, number: int, _: str | None, arguments: Sequence[Any]) -> None:  # noqa: N802
        """Begin a scan by the plan with that number."""
        hosted = self.hosted
        plan = hosted.plans[number]
        if self.row is not None:  # the scan before was left early
            self.cost.rows += self.count
        self.cost = cost = hosted.scope.cost(plan, hosted)
        self.count = 0
        self.seen = {}
        try:
            self.rows, self.mask = (indexed if plan.joined else scanned)(hosted, plan, arguments, cost)
        except Exception as error:  # noqa: BLE001 - the edge of a table
            self.rows, self.mask = iter(()), NEVER
            hosted.failed(error)
        self.Next()

    def Next(self) -> None:  # noqa: N802
        self.count = count = self.count + 1
        try:
            self.row = next(self.rows, None) if count & self.mask else self.measured()
        except Exception as error:  # noqa: BLE001 - the edge of a table
            self.row = None
            self.hosted.failed(error)
        if self.row is None:
            self.ended()

    def measured(self) -> Row | None:
        """The next row, with what it costs to make it."""
        cost, scope = self.cost, self.hosted.scope
        weight = 1 if self.mask == ALWAYS else SAMPLED + 1
        started, read = thread_time(), scope.read()
        row = next(self.rows, None)
        cost.seconds += (thread_time() - started) * weight
        cost.read += (scope.read() - read) * weight
        if self.count > SAMPLED:
            self.mask = SAMPLED
        return row

    def ended(self) -> None:
        """Account for the rows; a table that saw the deadline ended early, and that is no end of its rows."""
        self.cost.rows += self.count - 1
        self.count = 1
        if self.hosted.scope.cancelled():
            raise apsw.InterruptError("interrupted")

    def Eof(self) -> bool:  # noqa: N802
        return self.row is None

    def Column(self, number: int) -> Value:  # noqa: N802
        try:
            return self.row[number]  # type: ignore[index]  # SQLite does not read past the end
        except IndexError:
            return self.defaults[number]

    def Rowid(self) -> int:  # noqa: N802
        """A number that the same row has in every scan of the statement.

        SQLite asks for it when it answers ``a = 1 OR b = 2`` from two scans and must not return a row twice. The
        n-th of several equal rows of a scan is the n-th of them in the other scan too.
        """
        row = (self.hosted.table.name, *self.row)  # type: ignore[misc]
        occurrence = self.seen.get(row, 0)
        self.seen[row] = occurrence + 1
        rowids = self.hosted.scope.rowids
        return rowids.setdefault((occurrence, *row), len(rowids))

    def Close(self) -> None:  # noqa: N802
        """End the scan; a generator's own clean-up runs now."""
        if self.row is not None:
            self.cost.rows += self.count
        self.rows = iter(())
        self.row = None


class MappedCursor(Cursor):
    """A scan of a table some of whose columns belong to other platforms or have aliases."""

    __slots__ = ()

    def Column(self, number: int) -> Value:  # noqa: N802
        try:
            return self.row[self.places[number]]  # type: ignore[index]
        except IndexError:
            return self.defaults[number]


class NumberedCursor(MappedCursor):
    """A scan of a table whose rows end in their number, or in None."""

    __slots__ = ()

    def Rowid(self) -> int:  # noqa: N802
        number = self.row[-1]  # type: ignore[index]
        return number if isinstance(number, int) else super().Rowid()
