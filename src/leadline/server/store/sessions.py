"""Statements about sessions."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from leadline.server.store.tables import sessions, users
from leadline.server.store.users import PUBLIC, User, user


class Session(Struct, frozen=True, kw_only=True):
    """A session and its user; times in milliseconds, ``sliding`` None for a fixed end."""

    session_id: int
    user: User
    accessed_at: int
    expires_at: int
    sliding: int | None


async def add(
    connection: AsyncConnection, token_hash: bytes, user_id: int, now: int, expires_at: int, sliding: int | None
) -> None:
    """Store a session."""
    await connection.execute(
        insert(sessions).values(
            token_hash=token_hash,
            user_id=user_id,
            created_at=now,
            accessed_at=now,
            expires_at=expires_at,
            sliding=sliding,
        )
    )


async def find(connection: AsyncConnection, token_hash: bytes) -> Session | None:
    """The session with this token hash, ended or not."""
    statement = (
        select(
            *PUBLIC,
            sessions.c.id.label("session_id"),
            sessions.c.accessed_at,
            sessions.c.expires_at,
            sessions.c.sliding,
        )
        .join_from(sessions, users, sessions.c.user_id == users.c.id)
        .where(sessions.c.token_hash == token_hash)
    )
    row = (await connection.execute(statement)).first()
    if row is None:
        return None
    return Session(
        session_id=row.session_id,
        user=user(row),
        accessed_at=row.accessed_at,
        expires_at=row.expires_at,
        sliding=row.sliding,
    )


async def touch(connection: AsyncConnection, session: Session, now: int) -> None:
    """Note a use; a sliding session ends later now."""
    values = {"accessed_at": now}
    if session.sliding is not None:
        values["expires_at"] = now + session.sliding
    await connection.execute(update(sessions).where(sessions.c.id == session.session_id).values(values))


async def close(connection: AsyncConnection, token_hash: bytes) -> None:
    """End a session."""
    await connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


async def drop_ended(connection: AsyncConnection, now: int) -> int:
    """Forget sessions that have ended; return how many."""
    return (await connection.execute(delete(sessions).where(sessions.c.expires_at <= now))).rowcount
