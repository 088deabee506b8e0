"""An HTTP or HTTPS server on loopback that notes what is posted to it and answers as a test tells it to."""

from __future__ import annotations

import gzip
import ssl
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

Answer = tuple[int, bytes, dict[str, str]]


class Posted(NamedTuple):
    """A request; the body is unpacked."""

    path: str
    headers: dict[str, str]
    body: bytes
    packed: bool


class Receiver:
    """Gives ``answers`` first, in their order, then what ``answer`` makes of a request."""

    def __init__(self, answer: Callable[[Posted], Answer], certificate: tuple[Path, Path] | None = None) -> None:
        self.requests: list[Posted] = []
        self.answers: deque[Answer] = deque()
        self.answer = answer
        self.connections = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                self.request.settimeout(30)
                if certificate:
                    self.request.do_handshake()
                receiver.connections += 1
                super().setup()

            def do_POST(self) -> None:
                receiver.serve(self)

            def log_message(self, *arguments: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *arguments: object) -> None:
                """Failed handshakes and connections that were cut are part of the tests."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.address = f"{'https' if certificate else 'http'}://localhost:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Read a request, note it, answer it."""
        content = handler.rfile.read(int(handler.headers["Content-Length"]))
        packed = handler.headers.get("Content-Encoding") == "gzip"
        request = Posted(
            handler.path, dict(handler.headers.items()), gzip.decompress(content) if packed else content, packed
        )
        self.requests.append(request)
        status, body, headers = self.answers.popleft() if self.answers else self.answer(request)
        with suppress(OSError):
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
