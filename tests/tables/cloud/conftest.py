"""Metadata services of clouds on loopback: real HTTP servers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest


class Request(NamedTuple):
    """A request as it came; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Reply = tuple[int, bytes] | tuple[int, bytes, dict[str, str]] | None


class Service:
    """``answer`` makes a status and a body of each request, or None to keep the client waiting."""

    def __init__(self, answer: Callable[[Request], Reply]) -> None:
        self.requests: list[Request] = []
        self.over = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, self.path, headers, body)
                service.requests.append(request)
                reply = answer(request)
                if reply is None:
                    service.over.wait(20)
                    return
                self.send_response(reply[0])
                for name, value in (reply[2] if len(reply) > 2 else {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply[1])

            do_GET = do_PUT = do_POST = handle_one  # noqa: N815 (the names that http.server asks for)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False

            def handle_error(self, *_: object) -> None:
                """A client that hangs up is no error."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    @property
    def paths(self) -> list[str]:
        """Method and path of each request that came."""
        return [f"{one.method} {one.path}" for one in self.requests]

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


Serve = Callable[[Callable[[Request], Reply]], Service]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """``serve(answer)``: a service that lasts as long as the test."""
    running: list[Service] = []

    def start(answer: Callable[[Request], Reply]) -> Service:
        running.append(Service(answer))
        return running[-1]

    yield start
    for service in running:
        service.close()


@pytest.fixture
def nobody() -> str:
    """An address at which nobody listens."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"
