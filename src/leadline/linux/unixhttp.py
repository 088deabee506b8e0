"""HTTP over a UNIX socket, the way daemons such as Docker's, Podman's and LXD's are asked.

One request a connection, a bounded answer in a bounded time.
"""

from __future__ import annotations

import errno

from leadline.linux import http1

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

SECONDS = 10.0  # for one answer, from the first byte sent to the last one received
LIMIT = 32 << 20  # bytes of one answer, its headers included

_ABSENT = (errno.ENOENT, errno.ENOTDIR)


class Answer:
    """What a daemon that runs as ``uid`` said: ``status`` as in 200, JSON ``document``; None when the body is empty."""

    __slots__ = ("document", "status", "uid")

    def __init__(self, status: int, document: object, uid: int) -> None:
        self.status = status
        self.document = document
        self.uid = uid


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
            uid = _peer(channel)
            if owner is not None and uid != owner:
                warn(f"{path}: the daemon behind it is not one of the user {owner}")
                return None
            reply = http1.exchange(channel, _request(target), seconds=seconds, limit=limit, cancelled=cancelled)
            return Answer(reply.status, _decoded(reply.body, reply.status), uid)
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        problem = error.strerror or str(error)
    except (ValueError, RecursionError) as error:
        problem = str(error)
    if not cancelled():
        warn(f"{path}: GET {target}: {problem}")
    return None


def _request(target: str) -> bytes:
    return (
        f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    ).encode()


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
