"""Users, sessions and enroll secrets, on both databases."""

from __future__ import annotations

from typing import Any

from leadline.server.domain import sessions as rules
from leadline.server.store import enroll_secrets, sessions, users
from leadline.server.store.database import Database

NOW = 1_795_500_000_000


def test_a_session_lives_as_long_as_it_should(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            user = await users.add(connection, email="A@b", name="A", password_hash="h", role="admin", now=NOW)
            token = await rules.open(connection, user, NOW, 1000)
            found = await rules.find(connection, token, NOW + 999)
            assert found is not None
            assert found.user.email == "a@b"
            assert await rules.find(connection, token, NOW + 1000) is None
            await sessions.touch(connection, found, NOW + 500)
            assert await rules.find(connection, token, NOW + 1499) is not None
            assert await sessions.drop_ended(connection, NOW + 1499) == 0
            assert await sessions.drop_ended(connection, NOW + 1500) == 1

    play(scenario)


def test_a_session_with_a_fixed_end_is_not_prolonged(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            user = await users.add(connection, email="a@b", name="A", password_hash="h", role="admin", now=NOW)
            token = await rules.open(connection, user, NOW, 1000, sliding=False)
            found = await rules.find(connection, token, NOW)
            assert found is not None
            await sessions.touch(connection, found, NOW + 500)
            assert await rules.find(connection, token, NOW + 1000) is None
            await sessions.close(connection, rules.token_hash(token))
            assert await rules.find(connection, token, NOW) is None

    play(scenario)


def test_the_token_is_not_in_the_database(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            user = await users.add(connection, email="a@b", name="A", password_hash="h", role="admin", now=NOW)
            token = await rules.open(connection, user, NOW, 1000)
            from sqlalchemy import select

            from leadline.server.store.tables import sessions as table

            (row,) = await connection.execute(select(table))
            assert token not in repr(row)
            assert token.encode() not in row.token_hash

    play(scenario)


def test_users_are_found_by_address_whatever_its_case(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            assert await users.first_administrator(connection) is None
            await users.add(connection, email="Ann@Example.org", name="A", password_hash="h", role="admin", now=NOW)
            found = await users.credentials(connection, "ann@EXAMPLE.org")
            assert found is not None
            assert found[1] == "h"
            assert await users.credentials(connection, "nobody@example.org") is None
            first = await users.first_administrator(connection)
            assert first is not None
            assert first.email == "ann@example.org"

    play(scenario)


def test_secrets_are_kept_oldest_first(play: Any) -> None:
    async def scenario(database: Database) -> list[str]:
        async with database.write() as connection:
            await enroll_secrets.add(connection, "newer", NOW + 1)
            await enroll_secrets.add(connection, "older", NOW)
            return [secret.secret for secret in await enroll_secrets.load(connection)]

    assert play(scenario) == ["older", "newer"]
