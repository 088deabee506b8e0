"""Sign in, sign out, who am I."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from msgspec import Meta, Struct

from leadline.server.clock import iso
from leadline.server.domain import passwords, sessions
from leadline.server.errors import ApiError
from leadline.server.instance import Instance
from leadline.server.rate import Buckets
from leadline.server.rest.authentication import COOKIE, token_of
from leadline.server.rest.permissions import Permission
from leadline.server.store import sessions as store
from leadline.server.store import users
from leadline.server.store.users import User


class Login(Struct):
    """Body of a sign-in."""

    email: Annotated[str, Meta(max_length=255)]
    password: str


# Fleet's limit (fleet.md 2.1) by address, and a slower one by account against guessing from many addresses.
BY_ADDRESS = Buckets(per_minute=10, burst=10)
BY_ACCOUNT = Buckets(per_minute=10, burst=20)
HASHING = asyncio.Semaphore(2)  # each takes 64 MiB for a moment


def present(user: User) -> dict[str, Any]:
    """The user object of the API (fleet.md 2.2)."""
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "force_password_reset": False,
        "gravatar_url": "",
        "sso_enabled": False,
        "mfa_enabled": False,
        "global_role": user.global_role,
        "api_only": False,
        "teams": [],
        "created_at": iso(user.created_at),
        "updated_at": iso(user.updated_at),
    }


@post("/login", permission=Permission.PUBLIC, status_code=200)
async def login(data: Login, request: Request[Any, Any, Any], instance: Instance) -> Response[dict[str, Any]]:
    """Exchange e-mail address and password for a token, which is also set as a cookie."""
    now = instance.clock()
    address, account = request.client.host if request.client else "", data.email.lower()
    wait = max(BY_ADDRESS.wait(address, now), BY_ACCOUNT.wait(account, now))
    if wait:
        raise ApiError(429, "Too Many Requests", f"too many attempts; try again in {wait} seconds", retry_after=wait)
    BY_ADDRESS.take(address, now)
    BY_ACCOUNT.take(account, now)
    async with instance.database.read() as connection:
        found = await users.credentials(connection, data.email)
    async with HASHING:
        fits = await asyncio.to_thread(passwords.verify, found[1] if found else None, data.password)
    if found is None or not fits:
        instance.log.warning("sign-in refused", email=account[:64], address=address)
        raise ApiError(401, "Authentication failed", "the e-mail address or the password is wrong")
    user = found[0]
    lifetime = instance.settings.limits.session
    async with instance.database.write() as connection:
        token = await sessions.open(connection, user.id, now, lifetime * 1000)
    instance.log.info("signed in", user=user.id, address=address)
    cookie = Cookie(COOKIE, value=token, path="/", max_age=lifetime, secure=True, httponly=True, samesite="strict")
    return Response({"user": present(user), "available_teams": [], "token": token}, cookies=[cookie])


@post("/logout", permission=Permission.SIGNED_IN, status_code=200)
async def logout(request: Request[Any, Any, Any], instance: Instance) -> Response[dict[str, Any]]:
    """End the session of the token that came with the request."""
    token, _ = token_of(request)
    async with instance.database.write() as connection:
        await store.close(connection, sessions.token_hash(token))
    cookie = Cookie(COOKIE, value="", path="/", max_age=0, secure=True, httponly=True, samesite="strict")
    return Response({}, cookies=[cookie])


@get("/me", permission=Permission.SIGNED_IN)
async def me(request: Request[User, Any, Any]) -> dict[str, Any]:
    """The user of the token."""
    return {"user": present(request.user), "available_teams": []}


HANDLERS = [login, logout, me]
