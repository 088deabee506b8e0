"""What the agent remembers: one SQLite file, agent.db in the directory database_path.

Written in write-ahead mode with synchronous=NORMAL: a transaction that has been committed survives the end of the
process, kill -9 included; after a power failure the file is whole, at the state of some moment before.
https://sqlite.org/pragma.html#pragma_synchronous
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock

import apsw

from leadline.agent import conversion
from leadline.agent.errors import CatastropheError

FILE = "agent.db"
BUSY_MS = 5_000  # another process, a config_check for one, may hold the file for a moment

WAL_SIZE = 4 << 20  # bytes that the write-ahead log keeps once its content is in the file
SPARE = 2_048  # pages: what may lie unused in the file

FIRST = """
CREATE TABLE pairs (domain TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (domain, key)) WITHOUT ROWID;
CREATE TABLE queries (
    name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, counter INTEGER NOT NULL, sql TEXT NOT NULL, ran INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE previous (
    name TEXT, digest BLOB, amount INTEGER NOT NULL, row TEXT NOT NULL, PRIMARY KEY (name, digest)
) WITHOUT ROWID;
CREATE TABLE lines (id INTEGER PRIMARY KEY AUTOINCREMENT, logger TEXT, kind TEXT, line TEXT);
CREATE INDEX lines_by_logger ON lines (logger, kind, id);
"""

BACKLOG = """
CREATE TABLE backlog (
    logger TEXT, kind TEXT, amount INTEGER NOT NULL, PRIMARY KEY (logger, kind)
) WITHOUT ROWID;
INSERT INTO backlog SELECT logger, kind, count(*) FROM lines GROUP BY logger, kind;
"""

CARVES = """
CREATE TABLE carves (
    id INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT NOT NULL UNIQUE, time INTEGER NOT NULL, request TEXT NOT NULL,
    wanted TEXT NOT NULL, status TEXT NOT NULL, sha256 TEXT NOT NULL DEFAULT '', size INTEGER NOT NULL DEFAULT -1,
    tries INTEGER NOT NULL DEFAULT 0, session TEXT NOT NULL DEFAULT '', block_size INTEGER NOT NULL DEFAULT 0,
    block INTEGER NOT NULL DEFAULT 0, ended INTEGER
);
"""

ANSWERS = """
CREATE TABLE answers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, query TEXT NOT NULL, status INTEGER NOT NULL, message TEXT NOT NULL,
    cost TEXT NOT NULL, size INTEGER NOT NULL, made INTEGER NOT NULL
);
CREATE TABLE answer_parts (id INTEGER PRIMARY KEY AUTOINCREMENT, answer INTEGER NOT NULL, part BLOB NOT NULL);
CREATE INDEX parts_by_answer ON answer_parts (answer, id);
"""

UPGRADES: tuple[str | Callable[[apsw.Connection], None], ...] = (FIRST, BACKLOG, conversion.blocks, CARVES, ANSWERS)
"""What makes each version of the schema out of the one before; the first out of nothing."""

VERSION = len(UPGRADES)


class State:
    """The connection. Any thread may use it, one at a time; a ``path`` of None keeps everything in memory.

    Values of ``get``, ``put`` and ``remove`` are text under a domain and a key, the domains being osquery's.
    """

    def __init__(self, path: str | None) -> None:
        self.lock = RLock()
        self.depth = 0
        self.connection = apsw.Connection(path or ":memory:")
        self.connection.set_busy_timeout(BUSY_MS)
        self.connection.execute(
            "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
            f" PRAGMA cache_size = -1024; PRAGMA journal_size_limit = {WAL_SIZE}"
        )
        with self.transaction():
            version = int(self.connection.pragma("user_version"))
            if version > VERSION:
                raise CatastropheError(
                    f"The state in {path} has version {version}, this program reads versions up to {VERSION}"
                )
            for upgrade in UPGRADES[version:]:
                if callable(upgrade):
                    upgrade(self.connection)
                else:
                    self.connection.execute(upgrade)
            self.connection.pragma("user_version", VERSION)

    @contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """All that happens inside is kept, or nothing of it; may be nested."""
        with self.lock:
            if self.depth:
                yield self.connection
                return
            self.connection.execute("BEGIN IMMEDIATE")
            self.depth = 1
            try:
                yield self.connection
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            else:
                self.connection.execute("COMMIT")
            finally:
                self.depth = 0

    def get(self, domain: str, key: str) -> str | None:
        """The value, None when there is none."""
        with self.lock:
            sql = "SELECT value FROM pairs WHERE domain = ? AND key = ?"
            row = self.connection.execute(sql, (domain, key)).fetchone()
        return None if row is None else str(row[0])

    def put(self, domain: str, key: str, value: str) -> None:
        """Set a value."""
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO pairs VALUES (?, ?, ?)", (domain, key, value))

    def remove(self, domain: str, key: str) -> None:
        """Forget a value."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM pairs WHERE domain = ? AND key = ?", (domain, key))

    def items(self, domain: str) -> list[tuple[str, str]]:
        """The keys and values of a domain, by key."""
        with self.lock:
            sql = "SELECT key, value FROM pairs WHERE domain = ? ORDER BY key"
            return [(str(key), str(value)) for key, value in self.connection.execute(sql, (domain,))]

    def shrink(self) -> bool:
        """Give a part of the file back when much of it is unused; whether there is more to give back.

        A backlog of a million lines would leave a file of its size for ever.
        """
        with self.lock:
            if self.connection.pragma("auto_vacuum") != 2 or int(self.connection.pragma("freelist_count")) <= SPARE:
                return False
            for _ in self.connection.execute(f"PRAGMA incremental_vacuum({SPARE})"):
                pass
            return int(self.connection.pragma("freelist_count")) > SPARE

    def tidy(self) -> None:
        """Give back memory that the connection holds, and move what lies in the write-ahead log into the file."""
        with self.lock:
            for _ in self.connection.execute("PRAGMA wal_checkpoint(PASSIVE); PRAGMA shrink_memory"):
                pass

    def close(self) -> None:
        """Write everything into the file itself and close it."""
        with self.lock:
            self.connection.close()


def open_state(directory: str) -> tuple[State, str]:
    """Open or create the state in a directory; the second value tells what had to be done to a damaged file.

    A file that is no database is moved to ``agent.db.backup`` and begun anew. Raises CatastropheError.
    """
    path = os.path.join(directory, FILE)
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise CatastropheError(f"Cannot open the database {path}: {error.strerror}") from error
    try:
        return State(path), ""
    except (apsw.NotADBError, apsw.CorruptError) as error:
        for suffix in ("-wal", "-shm"):
            if os.path.exists(path + suffix):
                os.remove(path + suffix)
        os.replace(path, path + ".backup")
        return State(path), f"The database {path} is damaged ({error}): moved to {path}.backup and begun anew"
    except apsw.Error as error:
        raise CatastropheError(f"Cannot open the database {path}: {error}") from error
