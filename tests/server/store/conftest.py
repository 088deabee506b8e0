"""A migrated database for tests of the store, on both systems."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from leadline.server.store import migrations
from leadline.server.store.database import Database, connect


@pytest.fixture
def play(database_url: str) -> Callable[..., Any]:
    """Runs a coroutine function with a migrated database."""

    def run(scenario: Callable[[Database], Awaitable[Any]], *, migrated: bool = True) -> Any:
        async def whole() -> Any:
            database = connect(database_url)
            try:
                if migrated:
                    await migrations.migrate(database)
                return await scenario(database)
            finally:
                await database.close()

        return asyncio.run(whole())

    return run
