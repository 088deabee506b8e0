"""Which request the calling thread works for, so that a carve that a query starts can name it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST: ContextVar[str] = ContextVar("request", default="")
"""The id of the distributed query that runs in this thread; empty in threads that run none."""


@contextmanager
def request(id: str) -> Iterator[None]:
    """What is carved inside is carved for this request."""
    token = REQUEST.set(id)
    try:
        yield
    finally:
        REQUEST.reset(token)
