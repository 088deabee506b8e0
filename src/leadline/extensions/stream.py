"""Bytes over a socket, with a deadline and a limit on what one message may hold."""

from __future__ import annotations

import socket
from collections.abc import Callable
from io import BytesIO
from select import POLLHUP, POLLIN, POLLOUT, poll
from time import monotonic
from typing import NamedTuple

from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated  # type: ignore[import-untyped]
from thrift.transport.TTransport import CReadableTransport, TTransportBase  # type: ignore[import-untyped]

from leadline.extensions.errors import AnswerError, CancelledError, GoneError, SlowError

CHUNK = 1 << 16
LOOK = 0.25
"""Seconds between two looks whether the caller still waits."""


class Limits(NamedTuple):
    """The most that is read: bytes of one string, members of one list or map, bytes of one message."""

    string: int = 16 << 20
    container: int = 1_000_000
    message: int = 64 << 20


class Stream(TTransportBase, CReadableTransport):  # type: ignore[misc]  # thrift has no types
    """What thrift reads from and writes to. Times are those of the monotonic clock."""

    def __init__(
        self, connection: socket.socket, limits: Limits, cancelled: Callable[[], bool] = lambda: False
    ) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.limits = limits
        self.cancelled = cancelled
        self.deadline: float | None = None
        self.left = limits.message
        self.buffer = BytesIO()
        self.pending: list[bytes] = []

    def protocol(self) -> TBinaryProtocolAccelerated:
        """Thrift's reader and writer over this stream."""
        return TBinaryProtocolAccelerated(
            self, string_length_limit=self.limits.string, container_length_limit=self.limits.container
        )

    def begin(self, deadline: float | None) -> None:
        """A new message may be read, or one written, until the deadline."""
        self.deadline = deadline
        self.left = self.limits.message

    def wait(self, event: int) -> None:
        """Until the socket is ready."""
        poller = poll()
        poller.register(self.connection, event)
        while not poller.poll(1000 * self.slice()):
            if self.cancelled():
                raise CancelledError("The call was cancelled")

    def slice(self) -> float:
        """Seconds to wait before the next look."""
        if self.deadline is None:
            return LOOK
        left = self.deadline - monotonic()
        if left <= 0:
            raise SlowError("No answer within the time")
        return min(left, LOOK)

    def receive(self, most: int) -> bytes:
        """Some bytes, at least one. Raises ExtensionError."""
        while True:
            try:
                data = self.connection.recv(most)
            except BlockingIOError:
                self.wait(POLLIN)
                continue
            except OSError as error:
                raise GoneError(f"The connection broke: {error.strerror}") from error
            if not data:
                raise GoneError("The other side closed the connection")
            self.left -= len(data)
            if self.left < 0:
                raise AnswerError(f"A message is larger than {self.limits.message >> 20} MiB")
            return data

    def read(self, sz: int) -> bytes:
        """Up to that many bytes."""
        data = self.buffer.read(sz)
        if not data:
            self.buffer = BytesIO(self.receive(CHUNK))
            data = self.buffer.read(sz)
        return data

    @property
    def cstringio_buf(self) -> BytesIO:
        """What has been received and not read (thrift's C reader)."""
        return self.buffer

    def cstringio_refill(self, partialread: bytes, reqlen: int) -> BytesIO:
        """A buffer that begins with ``partialread`` and holds at least ``reqlen`` bytes (thrift's C reader)."""
        parts = [partialread]
        have = len(partialread)
        while have < reqlen:
            parts.append(self.receive(max(CHUNK, min(reqlen - have, 1 << 20))))
            have += len(parts[-1])
        self.buffer = BytesIO(b"".join(parts))
        return self.buffer

    def write(self, buf: bytes) -> None:
        """Keep until :meth:`flush`."""
        self.pending.append(buf)

    def flush(self) -> None:
        """Send what was written. Raises ExtensionError."""
        rest = memoryview(b"".join(self.pending))
        self.pending = []
        while rest:
            try:
                rest = rest[self.connection.send(rest, socket.MSG_NOSIGNAL) :]
            except BlockingIOError:
                self.wait(POLLOUT)
            except OSError as error:
                raise GoneError(f"The connection broke: {error.strerror}") from error

    def idle(self) -> bool:
        """Wait for the beginning of a message, without a deadline; False when the other side has closed."""
        poller = poll()
        poller.register(self.connection, POLLIN | POLLHUP)
        if self.buffer.tell() < len(self.buffer.getbuffer()):
            return True
        while not self.cancelled():
            if poller.poll():
                try:
                    return bool(self.connection.recv(1, socket.MSG_PEEK))
                except BlockingIOError:
                    continue
                except OSError:
                    return False
        return False
