"""HTTP over a UNIX socket, the way daemons such as Docker's, Podman's and LXD's are asked.

One request a connection, a bounded answer in a bounded time: the daemon may be busy, broken or not the one we think.
The syntax of answers is left to :mod:`http.client` (RFC 9112), which only ever reads what is counted here.
"""

from __future__ import annotations

import errno
from io import BufferedReader, RawIOBase
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

SECONDS = 10.0  # for one answer, from the first byte sent to the last one received
LIMIT = 32 << 20  # bytes of one answer, its headers included

_ABSENT = (errno.ENOENT, errno.ENOTDIR)
_SLICE = 0.25  # seconds between two looks at whether the query was cancelled
_CHUNK = 1 << 16


class Answer:
    """What a daemon said: ``status`` as in ``200`` and the JSON ``document``; None when the body is empty."""

    __slots__ = ("document", "status")

    def __init__(self, status: int, document: object) -> None:
        self.status = status
        self.document = document


def get(
    path: str,
    target: str,
    warn: Callable[[str], None],
    *,
    cancelled: Callable[[], bool] = lambda: False,
    seconds: float = SECONDS,
    limit: int = LIMIT,
    owner: int | None = None,
) -> Answer | None:
    """The answer of the daemon at the socket ``path`` to ``GET target``; None when there is none.

    ``target`` is a path with its query, quoted already. No socket means that no such daemon runs, which is no reason
    to complain. Whatever else fails (no permission, nobody who listens, an answer that is late, longer than
    ``limit`` bytes, or no HTTP or JSON) is told to ``warn``. An answer with a bad status is an answer like any other.
    With ``owner`` only a daemon of that user is asked. Raises nothing.
    """
    from socket import AF_UNIX, SOCK_STREAM, socket

    if not path:
        return None
    try:
        with socket(AF_UNIX, SOCK_STREAM) as channel:
            channel.settimeout(seconds)
            channel.connect(path)
            if owner is not None and _peer(channel) != owner:
                warn(f"{path}: the daemon behind it is not one of the user {owner}")
                return None
            with _Counted(channel, seconds, limit, cancelled) as stream:
                return _asked(channel, stream, target)
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        problem = error.strerror or str(error)
    except (ValueError, RecursionError) as error:
        problem = str(error)
    if not cancelled():
        warn(f"{path}: GET {target}: {problem}")
    return None


def _asked(channel: socket, stream: _Counted, target: str) -> Answer:
    """One request and its answer. Raises OSError and ValueError for what is none."""
    from http.client import HTTPException, HTTPResponse

    channel.sendall(
        f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n\r\n".encode()
    )
    response = HTTPResponse(stream)  # type: ignore[arg-type]
    try:
        response.begin()
        # In pieces: a length that the daemon only claims would be allocated at once.
        body = b"".join(iter(lambda: response.read(_CHUNK), b""))
    except HTTPException as error:
        raise ValueError(f"the answer is not HTTP: {str(error) or type(error).__name__}") from error
    finally:
        response.close()
    return Answer(response.status, _decoded(body, response.status))


def _decoded(body: bytes, status: int) -> object:
    """The JSON of a body. Raises ValueError when a good answer has none."""
    import json

    if not body.strip():
        return None
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        if status >= 400:  # proxies explain themselves in HTML
            return None
        raise ValueError(f"the answer is not JSON: {error}") from error
    return document


def _peer(channel: socket) -> int:
    """The user that the listening process runs as, SO_PEERCRED of unix(7)."""
    from socket import SO_PEERCRED, SOL_SOCKET

    return int.from_bytes(channel.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)[4:8], "little")


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
