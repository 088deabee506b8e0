"""Errors of the server.

ServerError
├── SetupError          the data directory, an address or the database cannot be used; one sentence for a person
├── UnavailableError         a store or a log file cannot take writes now; the peer should come again
└── ApiError            a request that is refused; carries the HTTP status and Fleet's error members
"""

from __future__ import annotations


class ServerError(Exception):
    """Root of the tree."""


class SetupError(ServerError):
    """Something on this machine keeps the server from starting."""


class UnavailableError(ServerError):
    """Nothing is wrong with the request; it should be sent again after ``retry_after`` seconds."""

    def __init__(self, message: str, retry_after: int = 10) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ApiError(ServerError):
    """A request that a client sent and the server refuses.

    ``name`` is the field (or ``base``) that ``reason`` speaks of; ``retry_after`` are seconds.
    """

    def __init__(
        self,
        status: int,
        message: str,
        reason: str | None = None,
        *,
        name: str = "base",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(reason or message)
        self.status = status
        self.message = message
        self.reason = reason or message
        self.name = name
        self.retry_after = retry_after


def not_found(reason: str) -> ApiError:
    """404 in Fleet's words."""
    return ApiError(404, "Resource Not Found", reason)


def invalid(name: str, reason: str) -> ApiError:
    """422 in Fleet's words: ``name`` is the field."""
    return ApiError(422, "Validation Failed", reason, name=name)
