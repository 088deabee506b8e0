"""What a statement costs, by table and access path.

The host counts scans and rows; the time and the bytes it takes to make a row are measured for the first rows of a scan,
and from then on for one row in 64, which stands for its neighbours: measuring each would cost more than many rows do.
"""

from __future__ import annotations

KEPT = 100  # statements that are remembered

ALWAYS = 0  # masks over a scan's row count: measure this row when the two have no bit in common
SAMPLED = 63
NEVER = -1


class Cost:
    """One table of a statement, reached in one way.

    ``pushed`` lists the constraints that the table was handed, as ``column operator``; ``joined`` the columns that the
    host looked up in an index over ``indexed`` rows, which it built once. ``reused`` counts the scans that were
    answered from rows kept from before, ``scans`` those that made their rows. ``seconds`` is processor time and
    ``read`` the bytes read from files, both while rows were made; ``rows`` went to SQLite.
    """

    __slots__ = ("columns", "indexed", "joined", "pushed", "read", "reused", "rows", "scans", "seconds", "table")

    def __init__(self, table: str, pushed: tuple[str, ...], joined: tuple[str, ...], columns: frozenset[str]) -> None:
        self.table = table
        self.pushed = pushed
        self.joined = joined
        self.columns = columns
        self.scans = 0
        self.reused = 0
        self.rows = 0
        self.indexed = 0
        self.seconds = 0.0
        self.read = 0


class Statement:
    """One statement and what its tables cost, in the order they were opened; ``number`` counts from 1."""

    __slots__ = ("costs", "number", "sql", "started")

    def __init__(self, number: int, sql: str, started: float) -> None:
        self.number = number
        self.sql = sql
        self.started = started
        self.costs: dict[object, Cost] = {}


class Ledger:
    """The last statements of one connection, the running one last."""

    __slots__ = ("_kept", "_number")

    def __init__(self) -> None:
        self._kept: list[Statement] = []  # collections.deque costs a millisecond to import
        self._number = 0

    def begin(self, sql: str, now: float) -> Statement:
        """Open the account of a statement that starts now, in seconds since 1970."""
        self._number += 1
        statement = Statement(self._number, sql, now)
        self._kept.append(statement)
        if len(self._kept) > KEPT:
            del self._kept[0]
        return statement

    def statements(self) -> tuple[Statement, ...]:
        """The remembered statements, the oldest first."""
        return tuple(self._kept)
