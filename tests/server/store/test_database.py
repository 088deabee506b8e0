"""Transactions, and what becomes of trouble."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from leadline.server.errors import SetupError, UnavailableError
from leadline.server.store.database import Database, connect
from leadline.server.store.tables import enroll_secrets


def test_a_write_that_fails_leaves_nothing(play: Any) -> None:
    async def scenario(database: Database) -> list[Any]:
        async def fail() -> None:
            async with database.write() as connection:
                await connection.execute(insert(enroll_secrets).values(secret="s", created_at=1))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        async with database.read() as connection:
            return list(await connection.execute(select(enroll_secrets)))

    assert play(scenario) == []


def test_a_constraint_is_no_trouble_with_the_database(play: Any) -> None:
    async def scenario(database: Database) -> None:
        statement = insert(enroll_secrets).values(secret="s", created_at=1)
        async with database.write() as connection:
            await connection.execute(statement)
        with pytest.raises(IntegrityError) as caught:
            async with database.write() as connection:
                await connection.execute(statement)
        assert "parameters hidden" in str(caught.value)

    play(scenario)


def test_many_writers_take_turns(play: Any) -> None:
    async def scenario(database: Database) -> int:
        async def write(number: int) -> None:
            async with database.write() as connection:
                await connection.execute(select(enroll_secrets))
                await connection.execute(insert(enroll_secrets).values(secret=f"s{number}", created_at=number))

        await asyncio.gather(*(write(number) for number in range(50)))
        async with database.read() as connection:
            return len(list(await connection.execute(select(enroll_secrets))))

    assert play(scenario) == 50


def test_sqlite_keeps_a_write_ahead_log(tmp_path: Path) -> None:
    async def scenario() -> tuple[Any, ...]:
        database = connect(f"sqlite:///{tmp_path}/a.db")
        async with database.read() as connection:
            values = [await connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys")]
        await database.close()
        return tuple(values)

    assert asyncio.run(scenario()) == ("wal", 1)


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"no directory .*/none"):
        connect(f"sqlite:///{tmp_path}/none/a.db")


def test_a_database_that_is_not_there_is_unavailable() -> None:
    async def scenario() -> None:
        database = connect("postgresql://x@/y?host=/nonexistent")
        try:
            async with database.read() as connection:
                await connection.execute(text("SELECT 1"))
        finally:
            await database.close()

    with pytest.raises(UnavailableError, match="does not answer"):
        asyncio.run(scenario())


@pytest.mark.parametrize("url", ["mysql://a@b/c", "nonsense", ""])
def test_another_kind_of_database_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(SetupError, match=r"database"):
        connect(url)
