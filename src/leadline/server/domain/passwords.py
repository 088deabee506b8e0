"""Password hashes: argon2id with the library's current parameters (RFC 9106, low-memory profile)."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()

LONGEST = 256
"""Longer passwords are refused unread: hashing is made to be slow."""


def digest(password: str) -> str:
    """The hash to store."""
    return _HASHER.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Whether the password fits. Takes as long for an account that does not exist (``stored`` None)."""
    if len(password) > LONGEST:
        return False
    try:
        return _HASHER.verify(stored or _NOBODY, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


_NOBODY = _HASHER.hash("")
