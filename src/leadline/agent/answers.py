"""Answers to distributed queries: written row by row, sent in pieces, and kept while no server takes them.

An answer can have a hundred times the size of what the agent shall use of memory, so its rows go to a file that has no
name as soon as they are more than a few.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator
from time import time
from typing import IO, NamedTuple

from leadline.agent.performance import Cost
from leadline.agent.rendering import quote
from leadline.agent.state import State
from leadline.sql.errors import SQLError

log = logging.getLogger(__name__)

MAX_ROWS = 32 << 20
"""Bytes of the rows of one answer, and of all answers that are kept."""

IN_MEMORY = 256 << 10
PIECE = 64 << 10
MAX_AGE = 86_400
"""Seconds for which an answer is kept that cannot be delivered; nobody waits longer."""


def stats(cost: Cost | None = None) -> str:
    """What a query cost as a JSON object: milliseconds, and bytes by which this process grew, if it did."""
    cost = cost or Cost()
    wall, user, system = (microseconds // 1000 for microseconds in cost[:3])
    memory = max(0, cost.memory or 0)
    return f'{{"wall_time_ms":{wall},"user_time":{user},"system_time":{system},"memory":{memory}}}'


class Answer(NamedTuple):
    """The answer to one query: ``status`` 0 or SQLite's code with its message, ``cost`` a JSON object.

    ``rows`` makes the pieces of a JSON array of ``size`` bytes, as often as it is called.
    """

    id: str
    status: int = 0
    message: str = ""
    cost: str = stats()
    size: int = 2
    rows: Callable[[], Iterable[bytes]] = lambda: (b"[]",)

    def results(self) -> Results:
        """The members of what a server is sent."""
        id = quote(self.id)
        head = f'"queries":{{{id}:'.encode("utf-8", "backslashreplace")
        tail = (
            f'}},"statuses":{{{id}:{self.status}}},"messages":{{{id}:{quote(self.message)}}},"stats":{{{id}:{self.cost}}}'
        ).encode("utf-8", "backslashreplace")
        return Results(head, self.size, self.rows, tail)


class Results(NamedTuple):
    """The members of a JSON object, without its braces, in pieces (leadline.plugins.kinds.Results)."""

    head: bytes
    rows_size: int
    rows: Callable[[], Iterable[bytes]]
    tail: bytes

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.head) + self.rows_size + len(self.tail)

    def pieces(self) -> Iterator[bytes]:
        """The bytes."""
        yield self.head
        yield from self.rows()
        yield self.tail


class Spool:
    """The rows of an answer while they are made; a JSON array once :meth:`finish` was called."""

    def __init__(self, directory: str | None) -> None:
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=directory)  # noqa: SIM115 - see close
        self.size = 0
        self.waiting: list[str] = []
        self.waiting_size = 0
        self.mark = "["

    def add(self, row: str) -> None:
        """Append a row. Raises SQLError when there are too many, or when the disk is full."""
        self.waiting.append(self.mark)
        self.waiting.append(row)
        self.mark = ","
        self.waiting_size += len(row) + 1
        if self.waiting_size >= PIECE:
            self.write()

    def write(self) -> None:
        """Bring to the file what waits."""
        data = "".join(self.waiting).encode("utf-8", "backslashreplace")
        self.waiting = []
        self.waiting_size = 0
        self.size += len(data)
        if self.size > MAX_ROWS:
            raise SQLError(f"the result is larger than {MAX_ROWS >> 20} MiB")
        try:
            self.file.write(data)
        except OSError as error:
            raise SQLError(f"the result cannot be kept until it is sent: {error.strerror}") from error

    def finish(self) -> None:
        """End the array."""
        self.waiting.append("[]" if self.mark == "[" else "]")
        self.write()

    def pieces(self) -> Iterator[bytes]:
        """The bytes from the beginning."""
        self.file.seek(0)
        while piece := self.file.read(PIECE):
            yield piece

    def close(self) -> None:
        """Drop the rows."""
        self.file.close()


class Kept:
    """Answers in the state that wait for a server, the oldest first. Any thread may use it."""

    def __init__(self, state: State, clock: Callable[[], float] = time) -> None:
        self.state = state
        self.clock = clock

    def add(self, answer: Answer) -> None:
        """Keep an answer; the oldest ones go when there is too much."""
        with self.state.transaction() as connection:
            row = (answer.id, answer.status, answer.message, answer.cost, answer.size, int(self.clock()))
            sql = "INSERT INTO answers (query, status, message, cost, size, made) VALUES (?, ?, ?, ?, ?, ?)"
            connection.execute(sql, row)
            number = connection.last_insert_rowid()
            for piece in answer.rows():
                connection.execute("INSERT INTO answer_parts (answer, part) VALUES (?, ?)", (number, bytes(piece)))
            self.bound()

    def bound(self) -> None:
        """Drop what is too old or too much."""
        with self.state.transaction() as connection:
            rows = list(connection.execute("SELECT id, query, size, made FROM answers ORDER BY id DESC"))
            size = 0
            for number, query, bytes_, made in rows:
                size += bytes_
                if size > MAX_ROWS or self.clock() - made > MAX_AGE:
                    log.warning("Dropped the answer to the distributed query %s: it could not be delivered", query)
                    self.remove(number)

    def remove(self, number: int) -> None:
        """Forget an answer."""
        with self.state.transaction() as connection:
            connection.execute("DELETE FROM answer_parts WHERE answer = ?", (number,))
            connection.execute("DELETE FROM answers WHERE id = ?", (number,))

    def first(self) -> tuple[int, Answer] | None:
        """The oldest answer and its number."""
        sql = "SELECT id, query, status, message, cost, size FROM answers ORDER BY id LIMIT 1"
        with self.state.lock:
            row = self.state.connection.execute(sql).fetchone()
        if row is None:
            return None
        number, query, status, message, cost, size = row
        return number, Answer(query, status, message, cost, size, lambda: self.pieces(number))

    def pieces(self, number: int) -> Iterator[bytes]:
        """The rows of an answer, without holding the state while they are sent."""
        last = 0
        sql = "SELECT id, part FROM answer_parts WHERE answer = ? AND id > ? ORDER BY id LIMIT 1"
        while True:
            with self.state.lock:
                row = self.state.connection.execute(sql, (number, last)).fetchone()
            if row is None:
                return
            last = int(row[0])
            yield bytes(row[1])

    def ids(self) -> set[str]:
        """The queries whose answers wait."""
        with self.state.lock:
            return {str(query) for (query,) in self.state.connection.execute("SELECT query FROM answers")}
