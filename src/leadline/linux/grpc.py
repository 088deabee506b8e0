"""Unary gRPC calls over a UNIX socket, the way container runtimes are asked.

Sources: the gRPC repository's PROTOCOL-HTTP2.md; HTTP/2 itself (RFC 9113) is the h2 library's. Every call is bounded in
time and every connection in what it takes in.
"""

from __future__ import annotations

from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from socket import socket
    from types import TracebackType
    from typing import Self

    from h2.connection import H2Connection
    from h2.events import Event

SECONDS = 10.0  # for one call
LIMIT = 64 << 20  # bytes that one connection takes in

_SLICE = 0.25  # seconds between two looks at whether the query was cancelled
_CHUNK = 1 << 16
_PREFIX = 5  # bytes in front of a message: whether it is compressed, and its length


class CallError(Exception):
    """The daemon answers that it will not, or could not. ``code`` is gRPC's: 5 not found, 12 unimplemented, …"""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message or f"gRPC status {code}")
        self.code = code


class Channel:
    """A connection to the daemon at a UNIX socket, for calls one after the other. Closes at the end of ``with``.

    Raises OSError when nobody listens there.
    """

    def __init__(
        self,
        path: str,
        *,
        seconds: float = SECONDS,
        limit: int = LIMIT,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        from socket import AF_UNIX, SOCK_STREAM, socket

        self._seconds = seconds
        self._left = limit
        self._cancelled = cancelled
        self._socket: socket = socket(AF_UNIX, SOCK_STREAM)
        try:
            self._socket.settimeout(seconds)
            self._socket.connect(path)
            self._h2 = _conversation()
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def call(self, method: str, request: bytes = b"", metadata: Mapping[str, str] | None = None) -> bytes:
        """The message that a method, written ``/package.Service/Method``, answers to a message.

        Raises CallError when it does not answer one, OSError when the connection breaks, TimeoutError when the time is
        over or the query was cancelled, and ValueError when what comes is no gRPC or too much.
        """
        from h2.exceptions import H2Error
        from hpack.exceptions import HPACKError
        from hyperframe.exceptions import HyperframeError

        answer = _Answer()
        try:
            stream = self._ask(method, request, metadata or {})
            for event in self._events():
                if getattr(event, "stream_id", 0) in (stream, None, 0):
                    answer.take(event)
                if answer.ended:
                    break
        except (H2Error, HPACKError, HyperframeError) as error:
            raise ValueError(f"the answer is not HTTP/2: {error}") from error
        return answer.message()

    def _ask(self, method: str, request: bytes, metadata: Mapping[str, str]) -> int:
        """Send a request; the number of its stream."""
        stream = self._h2.get_next_available_stream_id()
        headers = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", method),
            (":authority", "localhost"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("grpc-timeout", f"{int(self._seconds * 1000)}m"),
            *metadata.items(),
        ]
        self._h2.send_headers(stream, headers)
        # A question is small: it fits the window that every connection starts with.
        self._h2.send_data(stream, b"\0" + len(request).to_bytes(4, "big") + request, end_stream=True)
        return stream

    def _events(self) -> Iterator[Event]:
        """What arrives, for as long as one call may take; acknowledges it."""
        from h2.events import DataReceived

        end = monotonic() + self._seconds
        while True:
            self._socket.settimeout(self._seconds)
            self._socket.sendall(self._h2.data_to_send())
            data = self._received(end)
            if not data:
                raise ConnectionResetError("the connection ended without an answer")
            for event in self._h2.receive_data(data):
                if isinstance(event, DataReceived) and event.flow_controlled_length:
                    self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                yield event

    def _received(self, end: float) -> bytes:
        while True:
            left = end - monotonic()
            if left <= 0 or self._cancelled():
                raise TimeoutError(f"no complete answer within {self._seconds:g} seconds")
            self._socket.settimeout(min(left, _SLICE))
            try:
                data = self._socket.recv(_CHUNK)
            except TimeoutError:
                continue
            self._left -= len(data)
            if self._left < 0:
                raise ValueError("the answers are longer than is reasonable")
            return data


def _conversation() -> H2Connection:
    """A client's side of HTTP/2, with what it says first."""
    from h2.config import H2Configuration
    from h2.connection import H2Connection

    conversation = H2Connection(H2Configuration(client_side=True, header_encoding=None))
    conversation.initiate_connection()
    return conversation


class _Answer:
    """The answer to one call while it arrives."""

    def __init__(self) -> None:
        self.ended = False
        self._headers: dict[bytes, bytes] = {}
        self._parts: list[bytes] = []

    def take(self, event: Event) -> None:
        """Keep what an event brings. Raises ConnectionError when the daemon ends the connection."""
        from h2.events import (
            ConnectionTerminated,
            DataReceived,
            ResponseReceived,
            StreamEnded,
            StreamReset,
            TrailersReceived,
        )

        if isinstance(event, DataReceived):
            self._parts.append(event.data or b"")
        elif isinstance(event, (ResponseReceived, TrailersReceived)):
            self._headers.update(event.headers or ())
        elif isinstance(event, (StreamReset, ConnectionTerminated)):
            raise ConnectionResetError(f"the daemon broke the call off, HTTP/2 error {event.error_code}")
        elif isinstance(event, StreamEnded):
            self.ended = True

    def message(self) -> bytes:
        """The message that came. Raises CallError for a status other than 0, ValueError for what is no gRPC."""
        status = self._headers.get(b"grpc-status")
        if status is None:
            http = self._headers.get(b":status", b"none").decode("latin-1")
            raise ValueError(f"the answer is not gRPC: HTTP status {http}")
        if status != b"0":
            code = int(status) if status.isdigit() and len(status) < 5 else 2
            raise CallError(code, _sentence(self._headers.get(b"grpc-message", b"")))
        data = b"".join(self._parts)
        if len(data) < _PREFIX or data[0] or int.from_bytes(data[1:_PREFIX], "big") != len(data) - _PREFIX:
            raise ValueError("the answer is not one plain message")
        return data[_PREFIX:]


def _sentence(quoted: bytes) -> str:
    """The daemon's explanation, in which everything but printable ASCII is percent-encoded."""
    from urllib.parse import unquote_to_bytes

    from leadline.linux.text import decode

    return decode(unquote_to_bytes(quoted))[:500]
