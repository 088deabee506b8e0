"""From the results of version 2 of the state, an object a row, to the blocks of version 3."""

from __future__ import annotations

import json
from array import array
from hashlib import blake2b
from itertools import groupby, islice

import apsw

from leadline.agent.spool import CHUNK, pack

TABLES = """
CREATE TABLE results (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch INTEGER NOT NULL, counter INTEGER NOT NULL,
    sql TEXT NOT NULL, ran INTEGER NOT NULL, columns TEXT NOT NULL, texts INTEGER NOT NULL
);
CREATE TABLE blocks (id INTEGER PRIMARY KEY, result INTEGER NOT NULL, amounts BLOB NOT NULL);
CREATE INDEX blocks_by_result ON blocks (result);
CREATE TABLE contents (block INTEGER PRIMARY KEY, digests BLOB NOT NULL, rows BLOB);
INSERT INTO results (name, epoch, counter, sql, ran, columns, texts)
    SELECT name, epoch, counter, sql, ran, '[]', 1 FROM queries;
"""


def blocks(connection: apsw.Connection) -> None:
    """Make the tables of version 3 and move the results there."""
    connection.execute(TABLES)
    ids = list(connection.execute("SELECT id, name FROM results"))
    for id, name in ids:
        old = connection.execute("SELECT row, amount FROM previous WHERE name = ?", (name,))
        rows = ((json.loads(row), amount) for row, amount in old)
        for columns, group in groupby(rows, key=lambda pair: list(pair[0])):
            connection.execute("UPDATE results SET columns = ? WHERE id = ?", (json.dumps(columns), id))
            while chunk := list(islice(group, CHUNK)):
                write(connection, id, [(list(cells.values()), amount) for cells, amount in chunk])
    connection.execute("DROP TABLE previous; DROP TABLE queries")


def write(connection: apsw.Connection, result: int, rows: list[tuple[list[str | int | float], int]]) -> None:
    """One block."""
    texts = [json.dumps(cells, ensure_ascii=False, separators=(",", ":")) for cells, _ in rows]
    digests = b"".join(blake2b(text.encode(), digest_size=16).digest() for text in texts)
    amounts = bytes(array("I", [amount for _, amount in rows]))
    connection.execute("INSERT INTO blocks (result, amounts) VALUES (?, ?)", (result, amounts))
    connection.execute("INSERT INTO contents VALUES (?, ?, ?)", (connection.last_insert_rowid(), digests, pack(texts)))
