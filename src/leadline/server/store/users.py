"""Statements about users."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from leadline.server.store.tables import users


class User(Struct, frozen=True, kw_only=True):
    """A person or program that may sign in; times in milliseconds. The password hash never leaves the store layer
    but through :func:`credentials`."""

    id: int
    email: str
    name: str
    global_role: str | None
    created_at: int
    updated_at: int


PUBLIC = (users.c.id, users.c.email, users.c.name, users.c.global_role, users.c.created_at, users.c.updated_at)


def user(row: Row[*tuple[Any, ...]]) -> User:
    """A user from a row that holds PUBLIC's columns."""
    return User(
        id=row.id,
        email=row.email,
        name=row.name,
        global_role=row.global_role,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def add(connection: AsyncConnection, *, email: str, name: str, password_hash: str, role: str, now: int) -> int:
    """Store a user, whose e-mail address is kept in lower case; return the id."""
    values = {
        "email": email.lower(),
        "name": name,
        "password_hash": password_hash,
        "global_role": role,
        "created_at": now,
        "updated_at": now,
    }
    done = await connection.execute(insert(users).values(values).returning(users.c.id))
    return int(done.scalar_one())


async def first_administrator(connection: AsyncConnection) -> User | None:
    """The oldest user with the role admin."""
    statement = select(*PUBLIC).where(users.c.global_role == "admin").order_by(users.c.id).limit(1)
    row = (await connection.execute(statement)).first()
    return None if row is None else user(row)


async def credentials(connection: AsyncConnection, email: str) -> tuple[User, str] | None:
    """The user of an e-mail address, and the password hash."""
    statement = select(*PUBLIC, users.c.password_hash).where(users.c.email == email.lower())
    row = (await connection.execute(statement)).first()
    return None if row is None else (user(row), row.password_hash)
