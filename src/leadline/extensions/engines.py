"""Engines for the statements that come over the socket: one a running statement, some kept for the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

import apsw

from leadline.extensions.errors import RefusedError
from leadline.sql import values
from leadline.sql.engine import Engine
from leadline.sql.errors import SQLError

KEPT = 2
LARGEST = 32 << 20
"""Characters of an answer."""


class Engines:
    """Lends engines. An extension may ask in the middle of a statement that asks it, so there is no queue to wait in:
    the number of connections is the bound."""

    def __init__(self, open_engine: Callable[[], Engine]) -> None:
        self.open = open_engine
        self.lock = Lock()
        self.idle: list[Engine] = []
        self.busy: set[Engine] = set()
        self.closed = False

    @contextmanager
    def lent(self) -> Iterator[Engine]:
        """An engine for one statement. Raises RefusedError when the program is about to end."""
        with self.lock:
            if self.closed:
                raise RefusedError("The program is about to end")
            engine = self.idle.pop() if self.idle else None
        if engine is None:
            engine = self.open()
        with self.lock:
            self.busy.add(engine)
        try:
            yield engine
        finally:
            with self.lock:
                self.busy.discard(engine)
                keep = len(self.idle) < KEPT and not self.closed
                if keep:
                    self.idle.append(engine)
            if not keep:
                engine.close()

    def query(self, sql: str, null: str) -> list[dict[str, str]]:
        """The rows of the statements of a text, as text. Raises SQLError."""
        rows: list[dict[str, str]] = []
        size = 0
        with self.lent() as engine:
            for result in engine.run(sql):
                for row in result:
                    rows.append(values.row(result.columns, row, null))
                    size += sum(map(len, rows[-1].values()))
                    if size > LARGEST:
                        result.close()
                        raise SQLError(f"the result is larger than {LARGEST >> 20} MiB")
        return rows

    def columns(self, sql: str) -> list[tuple[str, str]]:
        """Name and type of the columns of a statement's result. Raises SQLError."""
        with self.lent() as engine:
            result = engine.query(sql)
            try:
                return list(zip(result.columns, result.types, strict=True))
            finally:
                result.close()

    def close(self) -> None:
        """End what runs, and close what does not."""
        with self.lock:
            self.closed = True
            idle, self.idle = self.idle, []
            for engine in self.busy:
                try:
                    engine.interrupt()
                except apsw.ConnectionClosedError:
                    pass
        for engine in idle:
            engine.close()
