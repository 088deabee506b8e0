"""Makes a data directory ready: certificates, database, administrator, enroll secret. Safe to repeat."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket

from msgspec import Struct

from leadline.server import certificates
from leadline.server.clock import now
from leadline.server.domain import passwords, sessions
from leadline.server.errors import SetupError, UnavailableError
from leadline.server.settings import Settings
from leadline.server.store import enroll_secrets, migrations, users
from leadline.server.store.database import Database, connect

TOKEN_SECONDS = 3600


class Setup(Struct, frozen=True, kw_only=True):
    """What a prepared data directory holds. ``password`` is there only when the administrator was created now."""

    data: str
    ca: str  # path of the authority's certificate, what agents need as tls_server_certs
    certificate: str
    key: str
    database: str
    email: str
    password: str | None
    enroll_secret: str
    created: bool


def prepare(data: str, *, database: str = "", names: tuple[str, ...] = ()) -> Setup:
    """Create what is missing in ``data`` and return it; ``names`` are further names for the certificate.

    Raises SetupError with one sentence when the directory or the database cannot be used.
    """
    settings = Settings(data=os.path.abspath(data), database=database)
    try:
        os.makedirs(settings.data, mode=0o700, exist_ok=True)
        os.chmod(settings.data, 0o700)
        os.makedirs(settings.path("logs"), mode=0o700, exist_ok=True)
        wanted = certificates.machine_names()
        certificates.ensure(settings.data, wanted + [name for name in names if name not in wanted])
    except OSError as error:
        raise SetupError(f"the data directory {settings.data} cannot be used: {error.strerror}") from error
    return asyncio.run(_prepare(settings))


def mint_token(data: str, *, database: str = "", seconds: int = TOKEN_SECONDS) -> str:
    """A new API token of the first administrator, valid for ``seconds``. Raises SetupError where there is none."""
    return asyncio.run(_mint(Settings(data=os.path.abspath(data), database=database), seconds))


async def _prepare(settings: Settings) -> Setup:
    database = connect(settings.database_url)
    try:
        await migrations.migrate(database)
        email, password = await _administrator(database)
        secret = await _enroll_secret(database)
    except UnavailableError as error:
        raise SetupError(str(error)) from error
    finally:
        await database.close()
    return Setup(
        data=settings.data,
        ca=settings.path("ca.pem"),
        certificate=settings.path("server.pem"),
        key=settings.path("server.key"),
        database=settings.database_url,
        email=email,
        password=password,
        enroll_secret=secret,
        created=password is not None,
    )


async def _administrator(database: Database) -> tuple[str, str | None]:
    async with database.write() as connection:
        found = await users.first_administrator(connection)
        if found is not None:
            return found.email, None
        email = f"admin@{socket.gethostname() or 'localhost'}"
        password = secrets.token_urlsafe(15)
        await users.add(
            connection,
            email=email,
            name="Administrator",
            password_hash=passwords.digest(password),
            role="admin",
            now=now(),
        )
        return email, password


async def _enroll_secret(database: Database) -> str:
    async with database.write() as connection:
        held = await enroll_secrets.load(connection)
        if held:
            return held[0].secret
        secret = secrets.token_urlsafe(24)
        await enroll_secrets.add(connection, secret, now())
        return secret


async def _mint(settings: Settings, seconds: int) -> str:
    database = connect(settings.database_url)
    try:
        async with database.write() as connection:
            user = await users.first_administrator(connection)
            if user is None:
                raise SetupError(f"{settings.data} has no administrator yet")
            return await sessions.open(connection, user.id, now(), seconds * 1000, sliding=False)
    except UnavailableError as error:
        raise SetupError(str(error)) from error
    finally:
        await database.close()
