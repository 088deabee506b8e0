"""HTTP over a UNIX socket, against servers that say exactly what is written here."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.linux import unixhttp

OK = b"HTTP/1.1 200 OK\r\n"


class Server:
    """Sends ``answer`` to whoever connects; ``...`` in it is a pause that lasts until the end."""

    def __init__(self, directory: str) -> None:
        self.path = f"{directory}/socket"
        self.answer: list[object] = []
        self.asked = b""
        self.end = threading.Event()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        while True:
            channel, _ = self.listener.accept()
            with channel:
                if self.end.is_set():
                    return
                self.asked = channel.recv(65536)
                try:
                    for part in self.answer:
                        if part is ...:
                            channel.settimeout(5)
                            channel.recv(1)
                        else:
                            channel.sendall(part)
                except OSError:
                    pass  # they had enough

    def close(self) -> None:
        self.end.set()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as last:
            last.connect(self.path)
        self.thread.join()
        self.listener.close()


@pytest.fixture(scope="module")
def directory():
    name = tempfile.mkdtemp(prefix="ll")  # short enough for a socket's path
    yield name
    shutil.rmtree(name)


@pytest.fixture(scope="module")
def server(directory):
    running = Server(directory)
    yield running
    running.close()


def asked(server, *answer, target="/x", **options):
    """The status and document, or None, and the warnings."""
    server.answer = list(answer)
    warnings = []
    found = unixhttp.get(server.path, target, warnings.append, **options)
    return found and (found.status, found.document), warnings


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([OK, b'Content-Length: 8\r\n\r\n{"a": 1}'], (200, {"a": 1})),
        ([OK, b"\r\n", b"[1,", b"2]"], (200, [1, 2])),
        ([OK, b"Transfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"], (200, [1, 2])),
        ([b"HTTP/1.0 200 OK\n\n", b'"\xc3\xbc"'], (200, "ü")),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", OK, b"\r\n[]"], (200, [])),
        ([b"HTTP/1.1 404 Not Found\r\n\r\n", b'{"message": "no"}'], (404, {"message": "no"})),
        ([b"HTTP/1.1 502 Bad Gateway\r\n\r\n", b"<html>"], (502, None)),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], (204, None)),
        ([b"HTTP/1.1 301 Moved\r\nLocation: /y\r\n\r\n"], (301, None)),
        ([OK, b"Content-Length: 2\r\n\r\n[]", ...], (200, [])),
    ],
)
def test_an_answer_is_its_status_and_its_document(server, answer, expected):
    assert asked(server, *answer) == (expected, [])


def test_the_request_names_the_target_and_closes(server):
    asked(server, OK, b"\r\n[]", target="/a%20b?c=1")
    lines = server.asked.split(b"\r\n")
    assert lines[0] == b"GET /a%20b?c=1 HTTP/1.1"
    assert {b"Host: localhost", b"Connection: close", b"Accept: application/json"} <= set(lines)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ([b"SSH-2.0-OpenSSH\r\n"], "the answer is not HTTP"),
        ([], "the answer is not HTTP"),
        ([OK, b"Content-Length: 9\r\n\r\n[1"], "the answer ends 7 bytes too early"),
        ([OK, b"\r\n{oops"], "the answer is not JSON"),
        ([OK, b"\r\n\xff\xfe\xfd"], "the answer is not JSON"),
        ([OK, b"\r\n" + b"[" * 200_000], "the answer is not JSON"),
        ([OK, b"\r\n" + b"9" * 5000], "the answer is not JSON"),
        ([OK, b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"], "the answer is not HTTP"),
        ([OK, b"x: y\r\n" * 200, b"\r\n"], "the answer is not HTTP"),
        ([OK, b"y" * 100_000], "the answer is not HTTP"),
    ],
)
def test_what_is_no_answer_is_told(server, answer, problem):
    found, warnings = asked(server, *answer)
    assert found is None
    assert len(warnings) == 1
    assert warnings[0].startswith(f"{server.path}: GET /x: {problem}")


@pytest.mark.parametrize(
    "head", [b"Content-Length: 99999999999999\r\n\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n\r\n-1\r\n"]
)
def test_an_endless_answer_ends_at_the_limit(server, head):
    found, warnings = asked(server, OK, head, *[b" " * 65536] * 40, limit=1 << 20)
    assert found is None
    assert warnings == [f"{server.path}: GET /x: the answer is longer than 1048576 bytes"]


@pytest.mark.parametrize("answer", [[...], [OK, ...], [OK, b"\r\n[1,", ...], [b"HTTP/1.1 100 C\r\n\r\n", ...]])
def test_a_daemon_that_hangs_is_left_in_time(server, answer):
    began = monotonic()
    found, warnings = asked(server, *answer, seconds=0.1)
    assert found is None
    assert warnings == [f"{server.path}: GET /x: no complete answer within 0.1 seconds"]
    assert monotonic() - began < 2


def test_a_query_that_was_cancelled_waits_no_longer_and_says_nothing(server):
    stopped = threading.Timer(0.1, lambda: None)
    stopped.start()
    began = monotonic()
    assert asked(server, ..., cancelled=lambda: not stopped.is_alive()) == (None, [])
    assert monotonic() - began < 3
    stopped.join()


def test_no_socket_is_no_daemon_and_no_reason_to_warn(directory):
    warnings = []
    for path in (f"{directory}/none", f"{directory}/none/socket", __file__ + "/socket", ""):
        assert unixhttp.get(path, "/x", warnings.append) is None
    assert warnings == []


def test_a_socket_that_nobody_listens_at_is_told(directory):
    path = f"{directory}/left"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left:
        left.bind(path)
    warnings = []
    assert unixhttp.get(path, "/x", warnings.append) is None
    assert warnings == [f"{path}: GET /x: Connection refused"]


@pytest.mark.parametrize("path", ["/" + "x" * 200, str(Path(__file__)), "/etc"])
def test_a_path_that_is_no_socket_is_told(path):
    warnings = []
    assert unixhttp.get(path, "/x", warnings.append) is None
    assert len(warnings) == 1


def test_only_a_daemon_of_the_owner_is_asked(server):
    assert asked(server, OK, b"\r\n[]", owner=os.getuid()) == ((200, []), [])
    found, warnings = asked(server, OK, b"\r\n[]", owner=os.getuid() + 1)
    assert found is None
    assert warnings == [f"{server.path}: the daemon behind it is not one of the user {os.getuid() + 1}"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=100).map(lambda body: OK + b"\r\n" + body)))
def test_any_bytes_are_an_answer_or_told(server, data):
    found, warnings = asked(server, data, seconds=1)
    assert (found is None) == bool(warnings)
