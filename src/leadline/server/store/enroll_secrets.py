"""Statements about enroll secrets."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from leadline.server.store.tables import enroll_secrets


class EnrollSecret(Struct, frozen=True):
    """A secret and when it was made (milliseconds)."""

    secret: str
    created_at: int


async def load(connection: AsyncConnection) -> list[EnrollSecret]:
    """Every secret, oldest first."""
    found = await connection.execute(select(enroll_secrets).order_by(enroll_secrets.c.created_at))
    return [EnrollSecret(row.secret, row.created_at) for row in found]


async def add(connection: AsyncConnection, secret: str, now: int) -> None:
    """Store one more."""
    await connection.execute(insert(enroll_secrets).values(secret=secret, created_at=now))
