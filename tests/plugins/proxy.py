"""An HTTP proxy that opens tunnels (CONNECT), over real sockets."""

from __future__ import annotations

import base64
import socket
import threading
from contextlib import closing, suppress


class Proxy:
    """``places`` maps ``host:port`` as it is asked for to the port on this machine where the tunnel leads."""

    def __init__(self, places: dict[str, int], credentials: str = "", answer: bytes = b"") -> None:
        self.places = places
        self.credentials = credentials
        self.answer = answer
        self.heard: list[str] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        """Take connections until the end."""
        with suppress(OSError):
            while True:
                connection, _ = self.server.accept()
                threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection: socket.socket) -> None:
        """One client."""
        with closing(connection), suppress(OSError):
            connection.settimeout(30)
            request = b""
            while b"\r\n\r\n" not in request:
                piece = connection.recv(1000)
                if not piece:
                    return
                request += piece
            self.heard.append(request.decode())
            if self.answer:
                connection.sendall(self.answer)
                return
            token = base64.b64encode(self.credentials.encode()).decode()
            if self.credentials and f"Proxy-Authorization: Basic {token}\r\n" not in self.heard[-1]:
                connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
                return
            port = self.places.get(self.heard[-1].split()[1])
            if port is None:
                connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                return
            with closing(socket.create_connection(("127.0.0.1", port))) as behind:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
                back = threading.Thread(target=pump, args=(behind, connection), daemon=True)
                back.start()
                pump(connection, behind)
                back.join(30)

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.thread.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Hand on what one side says until it ends."""
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
