"""Rows kept while a statement runs: of scans that are asked for again, and of joins by their values."""

from __future__ import annotations

from itertools import chain
from time import thread_time

from leadline.sql.comparison import folded
from leadline.sql.cost import ALWAYS, NEVER
from leadline.sql.schema import BLOB, TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from leadline.sql.cost import Cost
    from leadline.sql.host import HostedTable, Plan
    from leadline.sql.schema import Row

    Scan = tuple[Iterator[Row], int]
    """Rows, and how often making one is measured (see leadline.sql.cost)."""

MEMO_ROWS = 100_000  # rows of a rescanned table that are kept; above, it is generated again
MEMO_SCANS = 10_000  # scans of one statement that are remembered, so that memory stays bounded
CHECKED = 1023  # mask over the rows between two looks at the statement's limits, which SQLite cannot take meanwhile


def frozen(plan: Plan, hosted: HostedTable, arguments: Sequence[Any]) -> tuple[Any, ...]:
    """What a scan depends on, as a dictionary key: table, columns and pushed values."""
    values = tuple(
        frozenset(value) if isinstance(value, set | frozenset) else (type(value), value)
        for value in (arguments[argument] for argument, _, _ in plan.pushed)
    )
    return (hosted.table.name, plan.number, values)


def scanned(hosted: HostedTable, plan: Plan, arguments: Sequence[Any], cost: Cost) -> Scan:
    """Rows of a plain scan.

    The first time they stream. When the same scan is asked for again in the same statement (the inner side of a
    nested loop), its rows are kept, and from the third time on the table is not asked any more.
    """
    memo = hosted.scope.memo
    key = frozen(plan, hosted, arguments)
    seen = memo.get(key)
    if isinstance(seen, list):
        cost.reused += 1
        return iter(seen), NEVER
    cost.scans += 1
    rows = hosted.rows(plan, arguments)
    if seen is False:
        collected, complete = collect(hosted, rows, MEMO_ROWS, cost)
        memo[key] = collected if complete else True  # True: not worth keeping
        return (iter(collected), NEVER) if complete else (chain(collected, rows), ALWAYS)
    if seen is None and len(memo) < MEMO_SCANS:
        memo[key] = False
    return rows, ALWAYS


def indexed(hosted: HostedTable, plan: Plan, arguments: Sequence[Any], cost: Cost) -> Scan:
    """Rows whose joined columns equal the values, from an index that is built at the first look-up."""
    memo = hosted.scope.memo
    modes = []
    wanted = []
    for argument, position, collation in plan.joined:
        value = arguments[argument]
        if value is None:
            return iter(()), NEVER
        numeric = hosted.columns[position].type not in (TEXT, BLOB) or isinstance(value, int | float)
        modes.append(numeric)
        wanted.append(folded(numeric, collation)(value))
    key = ("index", *frozen(plan, hosted, arguments))
    index = memo.get(key)
    if index is None:
        cost.scans += 1
        rows, _ = collect(hosted, hosted.rows(plan, arguments), None, cost)
        cost.indexed += len(rows)
        index = memo[key] = Index(hosted, plan, rows)
    else:
        cost.reused += 1
    return iter(index.find(tuple(modes), wanted)), NEVER


def collect(hosted: HostedTable, rows: Iterator[Row], most: int | None, cost: Cost) -> tuple[list[Row], bool]:
    """Up to ``most`` rows, and whether that is all. A table that fails has the rows from before."""
    scope = hosted.scope
    started, read = thread_time(), scope.read()
    collected: list[Row] = []
    try:
        for row in rows:
            collected.append(row)
            if len(collected) == most:
                return collected, False
            if not len(collected) & CHECKED and scope.cancelled():
                break
    except Exception as error:  # noqa: BLE001 - the edge of a table
        hosted.failed(error)
    finally:
        cost.seconds += thread_time() - started
        cost.read += scope.read() - read
    return collected, True


class Index:
    """Rows by the values of the joined columns.

    How SQLite compares depends on both sides, so there is a dictionary for each way that occurs: for a column of
    numbers, and for text that is compared with a number, by numeric value; else by the folded text.
    https://sqlite.org/datatype3.html#type_conversions_prior_to_comparison
    """

    __slots__ = ("by_mode", "hosted", "plan", "rows")

    def __init__(self, hosted: HostedTable, plan: Plan, rows: list[Row]) -> None:
        self.hosted = hosted
        self.plan = plan
        self.rows = rows
        self.by_mode: dict[tuple[bool, ...], dict[Any, list[Row]]] = {}

    def find(self, modes: tuple[bool, ...], wanted: list[Any]) -> Sequence[Row]:
        found = self.by_mode.get(modes)
        if found is None:
            found = self.by_mode[modes] = self.build(modes)
        return found.get(wanted[0] if len(wanted) == 1 else tuple(wanted), ())

    def build(self, modes: tuple[bool, ...]) -> dict[Any, list[Row]]:
        places = [self.hosted.places[position] for _, position, _ in self.plan.joined]
        defaults = [self.hosted.defaults[position] for _, position, _ in self.plan.joined]
        folds = [folded(numeric, collation) for numeric, (_, _, collation) in zip(modes, self.plan.joined, strict=True)]
        index: dict[Any, list[Row]] = {}
        parts = list(zip(places, defaults, folds, strict=True))
        for row in self.rows:
            length = len(row)
            values = [fold(row[place] if place < length else default) for place, default, fold in parts]
            if None not in values:
                index.setdefault(values[0] if len(values) == 1 else tuple(values), []).append(row)
        return index
