"""Servers on this machine: HTTP and TLS, with certificates that openssl has made."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Answers = dict[str, tuple[int, dict[str, str], bytes]]


@pytest.fixture
def serving() -> Iterator[Callable[..., tuple[int, list[tuple[str, dict[str, str]]]]]]:
    """``serving({"/": (200, {"X": "y"}, b"body")}, context=None)``: a server's port, and the requests it gets.

    What it has no answer for is 404. A request is its path and its headers, with names in lower case.
    """
    with ExitStack() as stack:

        def start(answers: Answers, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Any:
            requests: list[tuple[str, dict[str, str]]] = []

            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                    status, headers, body = answers.get(self.path, (404, {}, b"nothing here"))
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    if "Transfer-Encoding" not in headers:
                        self.send_header("Content-Length", headers.get("Content-Length", str(len(body))))
                    self.end_headers()
                    self.wfile.write(body)

                def log_message(self, *_: object) -> None:
                    pass

            class Server(ThreadingHTTPServer):
                address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

                def handle_error(self, *_: object) -> None:
                    """A client that goes away is no error here."""

            server = stack.enter_context(Server((host, 0), Handler))
            if context is not None:
                server.socket = context.wrap_socket(server.socket, server_side=True)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return server.server_address[1], requests

        yield start


@pytest.fixture
def issue(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """``issue("-subj", "/CN=x", ...)``: a self-signed certificate with its key in one file."""

    def make(*arguments: str, key: tuple[str, ...] = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")) -> Path:
        folder = tmp_path_factory.mktemp("tls")
        command = ["openssl", "req", "-x509", "-newkey", *key, "-nodes", "-keyout", "key", "-out", "crt", *arguments]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        both = folder / "both.pem"
        both.write_bytes((folder / "key").read_bytes() + (folder / "crt").read_bytes())
        return both

    return make


def context_of(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.fixture
def context() -> Callable[[Path], ssl.SSLContext]:
    """A server's context with the certificate and key in a file."""
    return context_of


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.settimeout(0.05)
        done = threading.Event()
        taken: list[socket.socket] = []

        def accept() -> None:
            while not done.is_set():
                with suppress(TimeoutError):
                    taken.append(listener.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1]
        done.set()
        thread.join()
        for one in taken:
            one.close()
