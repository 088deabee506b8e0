"""The last result of every scheduled query, kept so that only the rows that changed are written."""

from __future__ import annotations

from typing import NamedTuple

from leadline.agent.differential import Difference, Digest, digest, order
from leadline.agent.state import State

RETENTION = 592_200
"""Seconds after which the rows of a query that left the schedule are forgotten."""


class Record(NamedTuple):
    """What is known of a query's last run; ``ran`` in seconds since the epoch."""

    epoch: int
    counter: int
    sql: str
    ran: int


def record(state: State, name: str) -> Record | None:
    """The record of a query, None when it has not run yet."""
    with state.lock:
        sql = "SELECT epoch, counter, sql, ran FROM queries WHERE name = ?"
        row = state.connection.execute(sql, (name,)).fetchone()
    return None if row is None else Record(*row)


def amounts(state: State, name: str) -> dict[Digest, int]:
    """The rows of the last result, by digest."""
    with state.lock:
        return dict(state.connection.execute("SELECT digest, amount FROM previous WHERE name = ?", (name,)))


def removed_rows(state: State, name: str, removed: dict[Digest, int]) -> list[str]:
    """The texts of rows of the last result, each as often as it went, in the order osquery lists them."""
    rows = []
    with state.lock:
        sql = "SELECT row FROM previous WHERE name = ? AND digest = ?"
        for key, amount in removed.items():
            rows += [str(row) for (row,) in state.connection.execute(sql, (name, key))] * amount
    return sorted(rows, key=order)


def store(state: State, name: str, after: Record, change: Difference, *, anew: bool) -> None:
    """Make the stored result the new one; ``anew`` forgets what was there before."""
    with state.transaction() as connection:
        if anew:
            connection.execute("DELETE FROM previous WHERE name = ?", (name,))
        for key, amount in change.removed.items():
            connection.execute(
                "UPDATE previous SET amount = amount - ? WHERE name = ? AND digest = ?", (amount, name, key)
            )
        if change.removed:
            connection.execute("DELETE FROM previous WHERE name = ? AND amount <= 0", (name,))
        connection.executemany(
            "INSERT INTO previous VALUES (?, ?, 1, ?) ON CONFLICT DO UPDATE SET amount = amount + 1",
            ((name, digest(row), row) for row in change.added),
        )
        connection.execute("INSERT OR REPLACE INTO queries VALUES (?, ?, ?, ?, ?)", (name, *after))


def purge(state: State, scheduled: set[str], now: int) -> list[str]:
    """Forget the queries that are no longer scheduled and have not run for RETENTION; return their names."""
    with state.transaction() as connection:
        sql = "SELECT name FROM queries WHERE ran < ?"
        old = [str(name) for (name,) in connection.execute(sql, (now - RETENTION,)) if name not in scheduled]
        for name in old:
            connection.execute("DELETE FROM previous WHERE name = ?", (name,))
            connection.execute("DELETE FROM queries WHERE name = ?", (name,))
    return old
