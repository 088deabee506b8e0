"""Who is asking: bearer token or cookie, and the rules that keep other sites from using the cookie."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from leadline.server.domain import sessions
from leadline.server.errors import ApiError
from leadline.server.instance import Instance
from leadline.server.rest.permissions import Permission, allows
from leadline.server.store import sessions as store

COOKIE = "leadline_session"
SAFE = ("GET", "HEAD", "OPTIONS")

Connection = ASGIConnection[Any, Any, Any, Any]


def token_of(connection: Connection) -> tuple[str, bool]:
    """The token a request brings, and whether it came by cookie."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip(), False
    token = connection.cookies.get(COOKIE, "")
    return token, bool(token)


class Authentication(AbstractAuthenticationMiddleware):
    """Puts the user of the request's token into ``connection.user``, None without a valid one."""

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        """Look the token up; write its last use once a minute."""
        instance: Instance = connection.app.state.instance
        token, by_cookie = token_of(connection)
        session = None
        if token:
            now = instance.clock()
            async with instance.database.read() as database:
                session = await sessions.find(database, token, now)
            if session is not None and sessions.is_stale(session, now):
                async with instance.database.write() as database:
                    await store.touch(database, session, now)
        return AuthenticationResult(
            user=None if session is None else session.user, auth="cookie" if by_cookie else "bearer"
        )


def authorise(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard of every route: the permission it declares, and the rules against requests of other sites."""
    permission = handler.opt.get("permission")
    if not isinstance(permission, Permission):
        raise ApiError(403, "Permission Denied", "the route declares no permission")
    check_site(connection)
    if permission is Permission.PUBLIC:
        return
    if connection.user is None:
        raise ApiError(401, "Authentication required", "sign in, or send a valid token")
    if not allows(connection.user.global_role, permission):
        raise ApiError(403, "Permission Denied", f"your role does not include: {permission.value}")


def check_site(connection: Connection) -> None:
    """Requests that change something come from our own pages or from programs, never from other sites.

    A browser sends Origin with every such request; a program that signs in with a bearer token need not. The content
    type keeps plain HTML forms out (they cannot send JSON).
    """
    if connection.scope.get("method", "") in SAFE:
        return
    origin = connection.headers.get("origin")
    by_cookie = bool(connection.cookies.get(COOKIE)) and connection.auth == "cookie"
    if origin is not None and not same_origin(origin, connection.headers.get("host", "")):
        raise ApiError(403, "Permission Denied", "the request comes from another site", name="origin")
    if by_cookie and origin is None:
        raise ApiError(403, "Permission Denied", "a request with a cookie needs an Origin header", name="origin")
    if by_cookie or origin is not None or connection.headers.get("referer"):
        kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ApiError(415, "Unsupported Media Type", "the content type must be application/json")


def same_origin(origin: str, host: str) -> bool:
    """Whether an Origin header names this server as the request addressed it."""
    parts = urlsplit(origin)
    return parts.scheme in ("https", "http") and bool(parts.netloc) and parts.netloc.lower() == host.lower()
