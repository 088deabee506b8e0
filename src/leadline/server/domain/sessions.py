"""Sessions: random tokens, of which only the SHA-256 is stored.

A token holds 256 random bits, so a fast hash is enough, and looking up the hash leaks nothing through timing.
"""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy.ext.asyncio import AsyncConnection

from leadline.server.store import sessions as store
from leadline.server.store.users import User

TOUCH = 60_000
"""Milliseconds between two writes of a session's last use."""


def token_hash(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


async def open(connection: AsyncConnection, user_id: int, now: int, milliseconds: int, *, sliding: bool = True) -> str:
    """Start a session and return its token. A sliding session's end moves with every use."""
    token = secrets.token_urlsafe(32)
    await store.add(connection, token_hash(token), user_id, now, now + milliseconds, milliseconds if sliding else None)
    return token


async def find(connection: AsyncConnection, token: str, now: int) -> store.Session | None:
    """The session of a token with its user; None when there is none or it has ended."""
    session = await store.find(connection, token_hash(token))
    return session if session is not None and session.expires_at > now else None


def is_stale(session: store.Session, now: int) -> bool:
    """Whether the last use should be written again."""
    return now - session.accessed_at >= TOUCH


__all__ = ["User", "find", "is_stale", "open", "token_hash"]
