"""Log lines that wait for their destination.

A line is added in the transaction that stores the result it comes from, once for every logger, and leaves in the
transaction that notes that the logger's destination took it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from leadline.agent.state import State


class Batch(NamedTuple):
    """Lines in the order they were added, with the id of each."""

    ids: list[int]
    lines: list[str]


def add(state: State, loggers: Iterable[str], kind: str, lines: Iterable[str]) -> None:
    """Put lines of one kind (``result``, ``snapshot``, ``status``) in line for each of the loggers."""
    names = list(loggers)
    with state.transaction() as connection:
        connection.executemany(
            "INSERT INTO lines (logger, kind, line) VALUES (?, ?, ?)",
            ((name, kind, line) for line in lines for name in names),
        )


def peek(state: State, logger: str, kinds: Sequence[str], most: int, size: int) -> Batch:
    """The oldest lines for a logger: at most ``most``, and at most ``size`` characters unless one alone is longer."""
    batch = Batch([], [])
    total = 0
    marks = ", ".join("?" * len(kinds))
    sql = f"SELECT id, line FROM lines WHERE logger = ? AND kind IN ({marks}) ORDER BY id LIMIT ?"  # noqa: S608
    with state.lock:
        for id, line in state.connection.execute(sql, (logger, *kinds, most)):
            total += len(line)
            if total > size and batch.ids:
                break
            batch.ids.append(id)
            batch.lines.append(line)
    return batch


def taken(state: State, ids: Sequence[int], receipt: tuple[str, str] | None = None) -> None:
    """Drop lines that their destination took, and keep the destination's receipt (key, text) with it."""
    with state.transaction() as connection:
        connection.executemany("DELETE FROM lines WHERE id = ?", ((id,) for id in ids))
        if receipt is not None:
            state.put("receipts", *receipt)


def trim(state: State, logger: str, most: int) -> int:
    """Drop the oldest lines of a logger above ``most`` (0 keeps all); return how many."""
    if not most:
        return 0
    with state.transaction() as connection:
        (count,) = connection.execute("SELECT count(*) FROM lines WHERE logger = ?", (logger,)).fetchone() or (0,)
        excess = max(0, int(count) - most)
        if excess:
            sql = "DELETE FROM lines WHERE id IN (SELECT id FROM lines WHERE logger = ? ORDER BY id LIMIT ?)"
            connection.execute(sql, (logger, excess))
    return excess


def forget(state: State, loggers: Iterable[str]) -> int:
    """Drop the lines for loggers that are not among the active ones; return how many."""
    names = tuple(loggers)
    marks = ", ".join("?" * len(names))
    with state.transaction() as connection:
        connection.execute(f"DELETE FROM lines WHERE logger NOT IN ({marks})", names)  # noqa: S608
        return connection.changes()
