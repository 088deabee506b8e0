"""One HTTP request and its answer over an open connection, bounded in bytes and time.

Whoever answers may be busy, broken or not the one we think. The syntax of answers is left to :mod:`http.client`
(RFC 9112), which only ever reads what is counted here. Redirects are answers like any other: nothing is followed.
"""

from __future__ import annotations

from io import BufferedReader, RawIOBase
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

_SLICE = 0.25  # seconds between two looks at whether the query was cancelled
_CHUNK = 1 << 16


class Reply:
    """An answer: ``status`` as in 200, the ``body`` without its transfer coding, where a redirect points to."""

    __slots__ = ("body", "location", "status")

    def __init__(self, status: int, body: bytes, location: str | None = None) -> None:
        self.status = status
        self.body = body
        self.location = location


def exchange(
    channel: socket,
    request: bytes,
    *,
    seconds: float,
    limit: int,
    cancelled: Callable[[], bool] = lambda: False,
) -> Reply:
    """Send a whole request, which has to ask for the connection to be closed, and read the answer.

    ``limit`` bounds the answer in bytes, its headers included. Raises OSError when the connection breaks (TimeoutError
    when ``seconds`` are over or the query was cancelled) and ValueError when what comes is no HTTP or too long.
    """
    from http.client import HTTPException, HTTPResponse

    with _Counted(channel, seconds, limit, cancelled) as stream:
        channel.settimeout(seconds)
        channel.sendall(request)
        response = HTTPResponse(stream)  # type: ignore[arg-type]
        try:
            response.begin()
            # In pieces: a length that the other side only claims would be allocated at once.
            body = b"".join(iter(lambda: response.read(_CHUNK), b""))
            if response.length:
                raise ValueError(f"the answer ends {response.length} bytes too early")
        except HTTPException as error:
            raise ValueError(f"the answer is not HTTP: {str(error) or type(error).__name__}") from error
        finally:
            response.close()
    return Reply(response.status, body, response.getheader("Location"))


class _Counted(RawIOBase):
    """A connection's incoming bytes, until there are too many of them or it is too late."""

    def __init__(self, channel: socket, seconds: float, limit: int, cancelled: Callable[[], bool]) -> None:
        self._channel = channel
        self._seconds = seconds
        self._end = monotonic() + seconds
        self._limit = limit
        self._left = limit
        self._cancelled = cancelled

    def makefile(self, _mode: str) -> BufferedReader:
        """The file that http.client wants from a socket."""
        return BufferedReader(self, _CHUNK)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            left = self._end - monotonic()
            if left <= 0 or self._cancelled():
                raise TimeoutError(f"no complete answer within {self._seconds:g} seconds")
            self._channel.settimeout(min(left, _SLICE))
            try:
                count = self._channel.recv_into(buffer)
            except TimeoutError:
                continue
            self._left -= count
            if self._left < 0:
                raise ValueError(f"the answer is longer than {self._limit} bytes")
            return count
