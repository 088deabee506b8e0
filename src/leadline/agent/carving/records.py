"""The carves that were asked for, as they are kept in the agent's state: what the carves table shows, and more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from time import time
from typing import NamedTuple
from uuid import uuid4

from leadline.agent.carving.errors import ARCHIVE_FAILED, COMPRESS_FAILED, CREATE_PATHS_FAILED, DATA_POST_FAILED
from leadline.agent.carving.origin import REQUEST
from leadline.agent.state import State
from leadline.flags import Flags

SCHEDULED = "SCHEDULED"
STARTING = "STARTING"
PENDING = "PENDING"
SUCCESS = "SUCCESS"
ENDED = (SUCCESS, CREATE_PATHS_FAILED, ARCHIVE_FAILED, COMPRESS_FAILED, DATA_POST_FAILED)

MOST_WAITING = 100
"""Carves that may wait: a scheduled query can ask for one every few seconds."""

MOST_ENDED = 1_000
"""Carves that have ended and are still shown."""

MOST_TEXT = 4 << 20
"""Characters of all paths of one carve."""

COLUMNS = "guid, time, request, wanted, status, sha256, size, tries, session, block_size, block"


class Wanted(NamedTuple):
    """Which files: those of these names, or without names all that match; in either case every pattern holds.

    A pattern is an operator, LIKE or GLOB, and a text.
    """

    names: Sequence[str]
    patterns: Sequence[tuple[str, str]] = ()

    def shown(self) -> str:
        """As the column path shows it."""
        return ",".join(self.names or [text for _, text in self.patterns])


class Record(NamedTuple):
    """One carve. ``sha256`` and ``size`` are empty and -1 until the archive is whole.

    ``tries`` counts how often making it was begun, ``session`` is what the destination calls the carve, empty before
    it knows it, and ``block`` the first block that it has not taken.
    """

    guid: str
    time: int
    request: str
    wanted: Wanted
    status: str
    sha256: str
    size: int
    tries: int
    session: str
    block_size: int
    block: int


class Records:
    """Any thread may use them. ``wake`` is called when there is a new carve."""

    def __init__(self, state: State, flags: Flags, clock: Callable[[], float] = time) -> None:
        self.state = state
        self.flags = flags
        self.clock = clock
        self.wake: Callable[[], None] = lambda: None

    def ask(self, names: Sequence[str], patterns: Sequence[tuple[str, str]] = ()) -> tuple[str, str]:
        """Ask for a carve: its id and an empty text, or an empty id and why there will be none."""
        if self.flags.on("disable_carver"):
            return "", "the carver is disabled (--disable_carver)"
        wanted = Wanted(names, patterns)
        if not names and not patterns:
            return "", "no path was given"
        if sum(len(text) + 1 for text in (*names, *(text for _, text in patterns))) > MOST_TEXT:
            return "", f"the paths have more than {MOST_TEXT >> 20} MiB; a pattern can stand for many"
        guid = str(uuid4())
        with self.state.transaction() as connection:
            (waiting,) = next(connection.execute("SELECT count(*) FROM carves WHERE ended IS NULL"))
            if waiting >= MOST_WAITING:
                return "", f"{waiting} carves wait already"
            connection.execute(
                "INSERT INTO carves (guid, time, request, wanted, status) VALUES (?, ?, ?, ?, ?)",
                (guid, int(self.clock()), REQUEST.get() or str(uuid4()), json.dumps(wanted), SCHEDULED),
            )
        self.wake()
        return guid, ""

    def rows(self) -> Iterator[tuple[int, str, int, str, str, str, str]]:
        """Rows of the carves table without its last column, in the order they were asked for."""
        with self.state.lock:
            found = self.state.connection.execute(f"SELECT {COLUMNS} FROM carves ORDER BY id").fetchall()  # noqa: S608
        for row in found:
            one = made(row)
            yield one.time, one.sha256, one.size, one.wanted.shown(), one.status, one.guid, one.request

    def waiting(self) -> list[Record]:
        """Those that have not ended, the oldest first."""
        sql = f"SELECT {COLUMNS} FROM carves WHERE ended IS NULL ORDER BY id"  # noqa: S608
        with self.state.lock:
            return [made(row) for row in self.state.connection.execute(sql).fetchall()]

    def next(self) -> Record | None:
        """The oldest that has not ended."""
        sql = f"SELECT {COLUMNS} FROM carves WHERE ended IS NULL ORDER BY id LIMIT 1"  # noqa: S608
        with self.state.lock:
            row = self.state.connection.execute(sql).fetchone()
        return None if row is None else made(row)

    def change(self, guid: str, **values: str | int) -> None:
        """Set columns of one carve; the names are ours."""
        names = ", ".join(f"{name} = ?" for name in values)
        with self.state.transaction() as connection:
            connection.execute(f"UPDATE carves SET {names} WHERE guid = ?", (*values.values(), guid))  # noqa: S608

    def end(self, guid: str, status: str) -> None:
        """The carve has ended."""
        self.change(guid, status=status, ended=int(self.clock()))

    def expire(self) -> None:
        """Forget those that ended ``carver_expiry`` seconds ago, and the oldest ones when there are too many."""
        with self.state.transaction() as connection:
            oldest = int(self.clock()) - self.flags.number("carver_expiry")
            connection.execute("DELETE FROM carves WHERE ended < ?", (oldest,))
            connection.execute(
                "DELETE FROM carves WHERE ended IS NOT NULL AND id <= (SELECT id FROM carves WHERE ended IS NOT NULL"
                " ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (MOST_ENDED,),
            )


def made(row: tuple[object, ...]) -> Record:
    """A record of a row."""
    guid, time, request, wanted, *rest = row
    names, patterns = json.loads(str(wanted))
    return Record(guid, time, request, Wanted(names, [(operator, text) for operator, text in patterns]), *rest)  # type: ignore[arg-type]
