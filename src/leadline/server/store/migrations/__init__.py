"""Brings a database to the newest revision, on both databases, under a lock."""

from __future__ import annotations

import os

from sqlalchemy import Connection, text

from leadline.server.errors import SetupError
from leadline.server.store.database import Database

HEAD = "0001"
"""The newest revision; a test holds it to the one Alembic finds."""

LOCK = 0x6C656164
"""Key of the PostgreSQL advisory lock: two servers that start together migrate one after the other."""


async def migrate(database: Database) -> bool:
    """Apply what is missing; return whether anything was. Raises SetupError for a database newer than this program."""
    async with database.write() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        return await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> bool:
    if _revision(connection) == HEAD:
        return False
    # Alembic costs a tenth of a second to import; most starts have nothing to do.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", os.path.dirname(__file__))
    config.set_main_option("path_separator", "os")
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise SetupError(f"the database was written by a newer release of this program ({error})") from error
    return True


def _revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
