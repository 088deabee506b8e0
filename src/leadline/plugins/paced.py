"""A connected socket on which nothing takes for ever: each wait has an end, and so has the whole."""

from __future__ import annotations

import io
import socket
from time import monotonic

PIECE = 65_536


class Paced:
    """What http.client takes for a socket. ``allow`` says how long the other side may take from now on."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.gap = self.end = 0.0
        self.readers = 0
        self.closed = False

    def allow(self, gap: float, whole: float) -> None:
        """At most ``gap`` seconds without progress, ``whole`` seconds in all."""
        self.gap = gap
        self.end = monotonic() + whole

    def begin(self) -> None:
        """Before each operation: let it take what is left. Raises TimeoutError."""
        left = min(self.gap, self.end - monotonic())
        if left <= 0:
            raise TimeoutError("it takes too long")
        self.socket.settimeout(left)

    def sendall(self, data: bytes) -> None:
        """Write everything."""
        view = memoryview(data)
        while view:
            self.begin()
            view = view[self.socket.send(view[:PIECE]) :]

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002 - http.client asks for "rb" only
        """What is read; it outlives :meth:`close`, on which http.client relies."""
        self.readers += 1
        return io.BufferedReader(Reader(self), PIECE)

    def close(self) -> None:
        """Close the socket, once the last reader is closed."""
        self.closed = True
        if not self.readers:
            self.socket.close()


class Reader(io.RawIOBase):
    """The reading side."""

    def __init__(self, paced: Paced) -> None:
        super().__init__()
        self.paced = paced

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read what there is."""
        self.paced.begin()
        return self.paced.socket.recv_into(buffer)

    def close(self) -> None:
        """Let go of the socket."""
        if not self.closed:
            super().close()
            self.paced.readers -= 1
            if self.paced.closed and not self.paced.readers:
                self.paced.socket.close()
