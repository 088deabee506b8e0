"""Request bodies of agents: read with a limit, unpacked with a limit."""

from __future__ import annotations

import zlib

from leadline.server.asgi import Receive

GZIP = 31  # zlib's number for: gzip wrapper, largest window


class BodyError(Exception):
    """The body cannot be taken; ``status`` is 400, 413 or 415, ``unread`` whether some of it is still to come."""

    def __init__(self, status: int, message: str, *, unread: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.unread = unread


class DisconnectError(Exception):
    """The agent went away while it was sending."""


async def read(receive: Receive, encoding: bytes | None, limit: int) -> bytes:
    """A whole body, at most ``limit`` bytes before and after decompression. Raises BodyError or DisconnectError."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise DisconnectError
    if message.get("more_body", False):
        parts = [body]
        size = len(body)
        while message.get("more_body", False):
            if size > limit:
                raise too_large(limit, unread=True)
            message = await receive()
            if message["type"] == "http.disconnect":
                raise DisconnectError
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        body = b"".join(parts)
    if len(body) > limit:
        raise too_large(limit)
    if encoding is None or encoding in (b"", b"identity"):
        return body
    if encoding not in (b"gzip", b"x-gzip"):
        raise BodyError(415, "bodies may be compressed with gzip only")
    return gunzip(body, limit)


def gunzip(body: bytes, limit: int) -> bytes:
    """Unpack a gzip body of one or more members. Raises BodyError for damage, and soon after ``limit`` is passed."""
    parts: list[bytes] = []
    size = 0
    while body:
        unpack = zlib.decompressobj(GZIP)
        try:
            part = unpack.decompress(body, limit - size + 1)
        except zlib.error as error:
            raise BodyError(400, "the body is no valid gzip stream") from error
        parts.append(part)
        size += len(part)
        if size > limit:
            raise too_large(limit)
        if not unpack.eof:
            raise BodyError(400, "the gzip stream ends early")
        body = unpack.unused_data
    return b"".join(parts)


async def drain(receive: Receive, most: int) -> None:
    """Read the rest of a body and forget it, so that the peer can finish sending. Raises BodyError after ``most``."""
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise too_large(most, unread=True)
        if not message.get("more_body", False):
            return


def too_large(limit: int, *, unread: bool = False) -> BodyError:
    """413."""
    return BodyError(413, f"the body is larger than {limit} bytes", unread=unread)
