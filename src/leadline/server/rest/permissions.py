"""Who may do what. Every route declares its permission; a route without one answers nobody."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What a route is about. ``PUBLIC`` needs no sign-in, ``SIGNED_IN`` any."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"
    READ_HOSTS = "read hosts"
    WRITE_HOSTS = "write hosts"
    READ_LIVE = "read live queries"
    RUN_LIVE = "run live queries"
    READ_SECRETS = "read enroll secrets"


ROLES: dict[str, frozenset[Permission]] = {"admin": frozenset(Permission)}
"""Permissions by global role."""


def allows(role: str | None, permission: Permission) -> bool:
    """Whether a role includes a permission."""
    return permission is Permission.SIGNED_IN or permission in ROLES.get(role or "", frozenset())
