"""The migrations make exactly the tables that the code declares, on both databases."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from sqlalchemy import Connection, text

from leadline.server.errors import SetupError
from leadline.server.store import migrations
from leadline.server.store.database import Database, connect
from leadline.server.store.tables import metadata


def test_a_migrated_database_holds_what_the_tables_declare(play: Any) -> None:
    def differences(connection: Connection) -> list[Any]:
        from alembic.autogenerate import compare_metadata
        from alembic.migration import MigrationContext

        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    async def scenario(database: Database) -> list[Any]:
        async with database.read() as connection:
            return await connection.run_sync(differences)

    assert play(scenario) == []


def test_the_newest_revision_is_the_one_alembic_finds() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", os.path.dirname(migrations.__file__))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]


def test_migrating_twice_changes_nothing(play: Any) -> None:
    async def scenario(database: Database) -> tuple[bool, bool]:
        return await migrations.migrate(database), await migrations.migrate(database)

    assert play(scenario, migrated=False) == (True, False)


def test_two_servers_that_start_together_migrate_once(database_url: str) -> None:
    async def scenario() -> list[bool]:
        first, second = connect(database_url), connect(database_url)
        done = await asyncio.gather(migrations.migrate(first), migrations.migrate(second))
        await asyncio.gather(first.close(), second.close())
        return sorted(done)

    assert asyncio.run(scenario()) == [False, True]


def test_a_newer_database_is_refused_in_a_sentence(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(SetupError, match="newer release"):
            await migrations.migrate(database)

    play(scenario)
