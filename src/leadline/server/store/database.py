"""Connections to the database: SQLite in the data directory, or PostgreSQL.

Readers and writers take a transaction from here and hand its connection to the functions of the sibling modules.
Times are stored as whole milliseconds since the epoch, so that both databases compare and subtract them alike.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from leadline.server.errors import SetupError, UnavailableError

BUSY_SECONDS = 10
"""How long a SQLite writer waits for another process's write; also the wait for a pooled connection."""

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}


class Database:
    """One database; ``read`` and ``write`` open transactions.

    SQLite has a single writer: writes queue on a lock here and begin with BEGIN IMMEDIATE, so a transaction never
    fails half way because another one got the write lock first.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction for reading. Raises UnavailableError when the database does not answer."""
        with _translated():
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits at the end. Raises UnavailableError when the database does not answer."""
        with _translated():
            if not self.is_sqlite:
                async with self.engine.begin() as connection:
                    yield connection
                return
            async with self._writer, self.engine.connect() as connection:
                await connection.execution_options(leadline_write=True)
                async with connection.begin():
                    yield connection

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the driver's trouble into UnavailableError; constraint violations and mistakes in statements stay."""
    try:
        yield
    except (PoolTimeout, OSError) as error:
        raise UnavailableError(f"the database does not answer: {_cause(error)}") from error
    except DBAPIError as error:
        if not _is_trouble(error):
            raise
        raise UnavailableError(f"the database does not answer: {_cause(error)}") from error


def _is_trouble(error: DBAPIError) -> bool:
    return type(error).__name__ in ("OperationalError", "InterfaceError", "InternalError", "DatabaseError") or (
        error.connection_invalidated
    )


def _cause(error: BaseException) -> str:
    text = str(getattr(error, "orig", None) or error)
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__


def connect(url: str) -> Database:
    """Open the database of a URL: ``sqlite:///PATH`` or ``postgresql://...``. Raises SetupError for others."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SetupError("the database URL cannot be read; it looks like postgresql://USER@HOST/NAME") from error
    driver = DRIVERS.get(parsed.drivername)
    if driver is None:
        raise SetupError(f"databases are sqlite or postgresql, not {parsed.drivername}")
    parsed = parsed.set(drivername=driver)
    if driver.startswith("sqlite"):
        _check_file(parsed.database or "")
        engine = create_async_engine(
            parsed, connect_args={"timeout": BUSY_SECONDS}, pool_timeout=BUSY_SECONDS, hide_parameters=True
        )
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    else:
        engine = create_async_engine(
            parsed,
            pool_size=8,
            max_overflow=8,
            pool_timeout=BUSY_SECONDS,
            pool_pre_ping=True,
            hide_parameters=True,  # errors are logged, and parameters hold hashes and hosts' data
            connect_args={
                "timeout": BUSY_SECONDS,
                "command_timeout": 60,
                "server_settings": {"application_name": "leadline"},
            },
        )
    return Database(engine)


def _check_file(path: str) -> None:
    # A connection that fails to open leaves its thread behind for a moment, which then finds the event loop gone.
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise SetupError(f"the database {path} cannot be opened: there is no directory {folder}")
    if not os.access(path if os.path.exists(path) else folder, os.R_OK | os.W_OK):
        raise SetupError(f"the database {path} cannot be opened: permission denied")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: see "Serializable isolation" in SQLAlchemy's SQLite dialect.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    writes = connection.get_execution_options().get("leadline_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def sqlite_url(path: str) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path}"
