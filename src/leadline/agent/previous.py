"""The last result of every scheduled query, kept so that only what changed is written.

Rows lie in blocks of up to CHUNK different ones: their digests and, when rows that go are reported, their texts,
compressed. What a block holds is written once; how many of each row there are is kept apart from it, so that a small
change of a large result writes little. Blocks in which few rows are left are put together.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from struct import unpack as unpack_digests
from typing import NamedTuple

import apsw

from leadline.agent.canonical import order
from leadline.agent.differential import SIZE, Difference, Digest, digest
from leadline.agent.spool import CHUNK, pack, unpack
from leadline.agent.state import State

RETENTION = 592_200
"""Seconds after which the rows of a query that left the schedule are forgotten."""

FEW = CHUNK // 4
"""A block with fewer rows is put together with others."""

SORTED = 10_000
"""Removed rows up to which osquery's order is kept: more are not worth being held at once."""


class Record(NamedTuple):
    """What is known of a query's last run; ``ran`` in seconds since 1970.

    ``columns`` are those of the stored rows, ``texts`` tells whether the rows can be shown again. ``counter`` is -1
    when no run has had one yet, which happens to queries on events.
    """

    epoch: int
    counter: int
    sql: str
    ran: int
    columns: tuple[str, ...] = ()
    texts: bool = True


class Row(NamedTuple):
    """A row to be stored; the text is None when it is not kept."""

    digest: Digest
    amount: int
    text: str | None


def record(state: State, name: str) -> Record | None:
    """The record of a query, None when it has not run yet."""
    with state.lock:
        sql = "SELECT epoch, counter, sql, ran, columns, texts FROM results WHERE name = ?"
        for epoch, counter, text, ran, columns, kept in state.connection.execute(sql, (name,)):
            return Record(epoch, counter, text, ran, tuple(json.loads(columns)), bool(kept))
    return None


def amounts(state: State, name: str) -> dict[Digest, int]:
    """How many there are of each row of the last result, by digest; 0 of some that have gone."""
    found: dict[Digest, int] = {}
    with state.lock:
        for id in blocks(state.connection, name):
            digests, numbers = block(state.connection, id)
            found.update(zip(digests, numbers, strict=True))
    return found


def blocks(connection: apsw.Connection, name: str) -> list[int]:
    """The ids of a result's blocks, in the order they were written."""
    sql = "SELECT blocks.id FROM results JOIN blocks ON result = results.id WHERE name = ? ORDER BY blocks.id"
    return [int(id) for (id,) in connection.execute(sql, (name,))]


def block(connection: apsw.Connection, id: int) -> tuple[tuple[Digest, ...], array[int]]:
    """The digests of a block and how many there are of each."""
    sql = "SELECT digests, amounts FROM blocks JOIN contents ON block = id WHERE id = ?"
    digests, numbers = connection.execute(sql, (id,)).fetchone()  # type: ignore[misc]
    return unpack_digests(f"{SIZE}s" * (len(digests) // SIZE), digests), array("I", numbers)


def texts(connection: apsw.Connection, id: int) -> list[str]:
    """The rows of a block, none when they were not kept."""
    row = connection.execute("SELECT rows FROM contents WHERE block = ?", (id,)).fetchone()
    return unpack(row[0]) if row and row[0] else []


def removed_rows(state: State, name: str, removed: dict[Digest, int]) -> Iterable[str]:
    """The texts of rows of the last result, each as often as it went, in the order osquery lists them.

    More than SORTED come in the order in which they were stored. Rows whose text was not kept are left out. To be read
    before anything is stored.
    """
    if not removed:
        return ()
    found = stored_rows(state, name, removed)
    return sorted(found, key=order) if sum(removed.values()) <= SORTED else found


def stored_rows(state: State, name: str, removed: dict[Digest, int]) -> Iterator[str]:
    """The texts of rows of the last result, each as often as it went, as they were stored."""
    connection = state.connection
    with state.lock:
        for id in blocks(connection, name):
            digests, _ = block(connection, id)
            gone = removed.keys() & digests
            rows = texts(connection, id) if gone else []
            for place in sorted(map(digests.index, gone)) if rows else ():
                for _ in range(removed[digests[place]]):
                    yield rows[place]


def store(state: State, name: str, after: Record, change: Difference, *, anew: bool) -> None:
    """Make the stored result the new one; ``anew`` forgets what was there before. ``change.fresh`` is used up."""
    with state.transaction() as connection:
        if anew:
            forget(connection, name)
        id, *_ = next(
            connection.execute(
                "INSERT INTO results (name, epoch, counter, sql, ran, columns, texts) VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET epoch = excluded.epoch, counter = excluded.counter, sql = excluded.sql,"
                " ran = excluded.ran, columns = excluded.columns, texts = excluded.texts RETURNING id",
                (name, *after[:4], json.dumps(after.columns), after.texts),
            )
        )
        if change:
            adjust(connection, name, change)
            small = scanty(connection, id)
            rows = fresh(change, keep_texts=after.texts)
            if change.fresh or len(small) > 1:
                write(connection, id, chain(rows, *(dissolved(connection, one) for one in small)))


def adjust(connection: apsw.Connection, name: str, change: Difference) -> None:
    """Note how many there are now of the rows that were there before; drop blocks of which nothing is left."""
    if not change.removed and not change.more:
        return
    other = change.removed.keys() | change.more.keys()
    for id in blocks(connection, name):
        digests, numbers = block(connection, id)
        touched = other.intersection(digests)
        for key in touched:
            numbers[digests.index(key)] += change.more.get(key, 0) - change.removed.get(key, 0)
        if touched and not any(numbers):
            drop(connection, id)
        elif touched:
            connection.execute("UPDATE blocks SET amounts = ? WHERE id = ?", (bytes(numbers), id))


def scanty(connection: apsw.Connection, result: int) -> list[int]:
    """The ids of the blocks with few rows."""
    sql = "SELECT id, amounts FROM blocks WHERE result = ? ORDER BY id"
    return [id for id, numbers in connection.execute(sql, (result,)) if sum(1 for n in array("I", numbers) if n) < FEW]


def fresh(change: Difference, *, keep_texts: bool) -> Iterator[Row]:
    """The rows that were not there before; each is taken out of ``change.fresh``."""
    if not keep_texts:
        while change.fresh:
            yield Row(*change.fresh.popitem(), None)
        return
    for text in change.added:
        key = digest(text)
        amount = change.fresh.pop(key, 0)
        if amount:
            yield Row(key, amount, text)


def dissolved(connection: apsw.Connection, id: int) -> Iterator[Row]:
    """The rows of a block, which is dropped."""
    digests, numbers = block(connection, id)
    rows: list[str] | list[None] = texts(connection, id) or [None] * len(digests)
    drop(connection, id)
    for key, amount, text in zip(digests, numbers, rows, strict=True):
        if amount:
            yield Row(key, amount, text)


def write(connection: apsw.Connection, result: int, rows: Iterator[Row]) -> None:
    """Put rows into new blocks."""
    while chunk := list(islice(rows, CHUNK)):
        amounts = array("I", [row.amount for row in chunk])
        connection.execute("INSERT INTO blocks (result, amounts) VALUES (?, ?)", (result, bytes(amounts)))
        kept = [row.text for row in chunk if row.text is not None]
        connection.execute(
            "INSERT INTO contents VALUES (?, ?, ?)",
            (
                connection.last_insert_rowid(),
                b"".join(row.digest for row in chunk),
                pack(kept) if len(kept) == len(chunk) else None,
            ),
        )


def drop(connection: apsw.Connection, id: int) -> None:
    """Drop a block."""
    connection.execute("DELETE FROM contents WHERE block = ?", (id,))
    connection.execute("DELETE FROM blocks WHERE id = ?", (id,))


def forget(connection: apsw.Connection, name: str) -> None:
    """Drop the record and the rows of a query."""
    for id in blocks(connection, name):
        drop(connection, id)
    connection.execute("DELETE FROM results WHERE name = ?", (name,))


def purge(state: State, scheduled: set[str], now: int) -> list[str]:
    """Forget the queries that are no longer scheduled and have not run for RETENTION; return their names."""
    with state.transaction() as connection:
        sql = "SELECT name FROM results WHERE ran < ?"
        old = [str(name) for (name,) in connection.execute(sql, (now - RETENTION,)) if name not in scheduled]
        for name in old:
            forget(connection, name)
    return old
