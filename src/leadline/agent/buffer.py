"""Log lines that wait for their destination.

A line is added in the transaction that stores the result it comes from, once for every logger, and leaves in the
transaction that notes that the logger's destination took it. How many lines wait is counted in the same transactions,
so that no look at the limit has to count a million of them.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import NamedTuple

import apsw

from leadline.agent.state import State

AT_ONCE = 10_000
"""Lines dropped in one transaction: what it changes has to fit the write-ahead log."""


class Batch(NamedTuple):
    """The oldest lines of some kinds in the order they were added, with the id of each."""

    ids: list[int]
    lines: list[str]
    more: bool
    """Whether others may be behind them."""


def add(state: State, loggers: Iterable[str], kind: str, lines: Iterable[str]) -> int:
    """Put lines of one kind (``result``, ``snapshot``, ``status``) in line for each of the loggers; how many lines."""
    names = list(loggers)
    if not names:
        return 0
    with state.transaction() as connection:
        before = connection.total_changes()
        connection.executemany(
            "INSERT INTO lines (logger, kind, line) VALUES (?, ?, ?)",
            ((name, kind, line) for line in lines for name in names),
        )
        amount = (connection.total_changes() - before) // len(names)
        if amount:
            for name in names:
                count(connection, name, kind, amount)
        return amount


def count(connection: apsw.Connection, logger: str, kind: str, amount: int) -> None:
    """Note that there are so many lines more, or less."""
    connection.execute(
        "INSERT INTO backlog VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
        (logger, kind, amount),
    )


def waiting(state: State, logger: str) -> int:
    """How many lines wait for a logger."""
    with state.lock:
        sql = "SELECT coalesce(sum(amount), 0) FROM backlog WHERE logger = ?"
        row = state.connection.execute(sql, (logger,)).fetchone()
    return int(row[0]) if row else 0


def peek(state: State, logger: str, kinds: Sequence[str], most: int, size: int) -> Batch:
    """The oldest lines for a logger: at most ``most``, and at most ``size`` characters unless one alone is longer."""
    ids: list[int] = []
    lines: list[str] = []
    total = 0
    # one ordered walk along the index for each kind: with IN, SQLite would sort all that waits
    sql = "SELECT id, line FROM lines WHERE logger = ? AND kind = ? ORDER BY id LIMIT ?"
    with state.lock:
        cursors = [state.connection.execute(sql, (logger, kind, most)) for kind in kinds]
        try:
            for id, line in merge(*cursors):
                total += len(line)
                if len(ids) == most or (total > size and ids):
                    return Batch(ids, lines, more=True)
                ids.append(id)
                lines.append(line)
        finally:
            for cursor in cursors:
                cursor.close(True)
    return Batch(ids, lines, more=len(ids) == most)


def taken(
    state: State,
    logger: str,
    kinds: Sequence[str],
    ids: Sequence[int],
    receipt: tuple[str, str] | None = None,
    left: Collection[int] = (),
) -> None:
    """Drop lines that their destination took, and keep the destination's receipt (key, text) with it.

    ``ids`` are those of a batch of these kinds, in its order; those among them that are ``left`` stay.
    """
    stay = json.dumps(sorted(left))
    with state.transaction() as connection:
        for kind in kinds if ids else ():
            connection.execute(
                "DELETE FROM lines WHERE logger = ? AND kind = ? AND id BETWEEN ? AND ?"
                " AND id NOT IN (SELECT value FROM json_each(?))",
                (logger, kind, ids[0], ids[-1], stay),
            )
            count(connection, logger, kind, -connection.changes())
        if receipt is not None:
            state.put("receipts", *receipt)


def trim(state: State, logger: str, most: int) -> Counter[str]:
    """Drop the oldest lines of a logger above ``most`` (0 keeps all); how many of each kind."""
    dropped: Counter[str] = Counter()
    while most:
        with state.transaction() as connection:
            excess = min(waiting(state, logger) - most, AT_ONCE)
            if excess <= 0:
                break
            kinds = [
                str(kind) for (kind,) in connection.execute("SELECT kind FROM backlog WHERE logger = ?", (logger,))
            ]
            last = last_of(connection, logger, kinds, excess)
            found: Counter[str] = Counter()
            for kind in kinds:
                sql = "DELETE FROM lines WHERE logger = ? AND kind = ? AND id <= ?"
                connection.execute(sql, (logger, kind, last))
                found[kind] = connection.changes()
                count(connection, logger, kind, -found[kind])
        if not found.total():
            break
        dropped.update(found)
    return +dropped


def last_of(connection: apsw.Connection, logger: str, kinds: Sequence[str], number: int) -> int:
    """The id of the last one of the ``number`` oldest lines; 0 when there are none."""
    sql = "SELECT id FROM lines WHERE logger = ? AND kind = ? ORDER BY id LIMIT ?"
    cursors: list[Iterator[tuple[int]]] = [connection.execute(sql, (logger, kind, number)) for kind in kinds]
    last = deque(islice(merge(*cursors), number), maxlen=1)
    return last[0][0] if last else 0


def forget(state: State, loggers: Iterable[str]) -> int:
    """Drop the lines for loggers that are not among the active ones; return how many."""
    names = tuple(loggers)
    marks = ", ".join("?" * len(names))
    with state.transaction() as connection:
        connection.execute(f"DELETE FROM lines WHERE logger NOT IN ({marks})", names)  # noqa: S608
        dropped = connection.changes()
        connection.execute(f"DELETE FROM backlog WHERE logger NOT IN ({marks})", names)  # noqa: S608
        return dropped
