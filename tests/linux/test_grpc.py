"""gRPC calls, against Google's own server and against ones that speak nonsense."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.linux.grpc import CallError, Channel

google = pytest.importorskip("grpc", reason="grpcio is not installed")


@pytest.fixture
def directory() -> Iterator[str]:
    """A directory whose name is short enough for the path of a socket, unix(7)."""
    made = tempfile.mkdtemp(prefix="ll")
    yield made
    shutil.rmtree(made)


Method = Callable[[bytes, Any], bytes]


@pytest.fixture
def serving(directory: str) -> Iterator[Callable[..., str]]:
    """``serving({"/package.Service/Method": function})``: the socket of a server that answers bytes to bytes."""
    running = []

    def serve(methods: dict[str, Method]) -> str:
        class Handler(google.GenericRpcHandler):  # type: ignore[misc,name-defined]
            def service(self, details: Any) -> Any:
                method = methods.get(details.method)
                return google.unary_unary_rpc_method_handler(method) if method else None

        pool = ThreadPoolExecutor(2)
        server = google.server(pool, options=[("grpc.max_send_message_length", -1)])
        server.add_generic_rpc_handlers((Handler(),))
        path = f"{directory}/{len(running)}.sock"
        server.add_insecure_port(f"unix:{path}")
        server.start()
        running.append((server, pool))
        return path

    yield serve
    for server, pool in running:
        server.stop(None).wait()
        pool.shutdown()


def test_a_message_is_answered_by_a_message(serving):
    seen = []

    def echo(request, context):
        seen.append(dict(context.invocation_metadata()))
        return request[::-1]

    with Channel(serving({"/a.B/C": echo})) as channel:
        assert channel.call("/a.B/C", b"abc", {"x-tenant": "north"}) == b"cba"
        assert channel.call("/a.B/C") == b""
        assert channel.call("/a.B/C", b"x" * 16_000) == b"x" * 16_000
    assert seen[0]["x-tenant"] == "north"


def test_answers_larger_than_a_window_arrive_whole(serving):
    large = bytes(range(256)) * 20_000
    with Channel(serving({"/a.B/C": lambda request, context: large})) as channel:
        assert channel.call("/a.B/C") == large
        assert channel.call("/a.B/C") == large


def test_more_than_is_reasonable_is_not_taken(serving):
    path = serving({"/a.B/C": lambda request, context: b"x" * 3_000_000})
    with Channel(path, limit=1_000_000) as channel, pytest.raises(ValueError, match="longer than"):
        channel.call("/a.B/C")


def test_a_status_is_an_error_with_its_message(serving):
    def refuse(request, context):
        context.set_code(google.StatusCode.NOT_FOUND)
        context.set_details("no such pod: ü %")
        return b""

    with Channel(serving({"/a.B/C": refuse})) as channel:
        with pytest.raises(CallError, match="no such pod: ü %") as caught:
            channel.call("/a.B/C")
        assert caught.value.code == 5
        with pytest.raises(CallError) as caught:
            channel.call("/a.B/Unknown")
        assert caught.value.code == 12


def test_a_call_has_a_deadline_of_which_the_server_knows(serving):
    left = []
    over = threading.Event()

    def slow(request, context):
        left.append(context.time_remaining())
        over.wait(5)
        return b""

    start = monotonic()
    with Channel(serving({"/a.B/C": slow}), seconds=0.5) as channel, pytest.raises((TimeoutError, CallError)):
        channel.call("/a.B/C")
    over.set()
    assert monotonic() - start < 2
    assert 0 < left[0] <= 0.5


def test_a_query_that_is_cancelled_does_not_wait(serving):
    over = threading.Event()
    path = serving({"/a.B/C": lambda request, context: over.wait(5) or b""})
    asked = []
    with Channel(path, cancelled=lambda: len(asked) > 1 or asked.append(1)) as channel, pytest.raises(TimeoutError):
        channel.call("/a.B/C")
    over.set()


def test_nobody_at_the_socket_is_an_error(directory):
    with pytest.raises(FileNotFoundError):
        Channel(f"{directory}/none")


class Raw:
    """Answers whatever ``said`` holds to whoever connects, and hangs up."""

    def __init__(self, path: str) -> None:
        self.said = b""
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen()
        self.ended = False
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            with connection:
                if self.ended:
                    return
                connection.settimeout(5)
                connection.recv(65536)
                connection.sendall(self.said)
                connection.shutdown(socket.SHUT_WR)
                try:
                    while connection.recv(65536):
                        pass
                except OSError:
                    pass

    def close(self) -> None:
        self.ended = True
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as last:
            last.connect(self.path)
        self.thread.join()
        self.listener.close()


@pytest.fixture
def raw(directory: str) -> Iterator[Raw]:
    server = Raw(f"{directory}/raw.sock")
    yield server
    server.close()


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """A frame of HTTP/2, RFC 9113 section 4.1."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def headers(*pairs: tuple[bytes, bytes], end: bool = False) -> bytes:
    """A frame of header fields, none of them compressed."""
    block = b"".join(b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value for name, value in pairs)
    return frame(1, 5 if end else 4, 1, block)


SETTINGS = frame(4, 0, 0, b"")
OK = headers((b":status", b"200"), (b"content-type", b"application/grpc"))
END = headers((b"grpc-status", b"0"), end=True)


def message(data: bytes) -> bytes:
    return frame(0, 0, 1, b"\0" + len(data).to_bytes(4, "big") + data)


def ask(path: str) -> bytes:
    with Channel(path, seconds=2) as channel:
        return channel.call("/a.B/C")


def test_frames_by_hand_are_an_answer(raw):
    raw.said = SETTINGS + OK + message(b"yes") + END
    assert ask(raw.path) == b"yes"


WRONG = {
    "a compressed message": OK + frame(0, 0, 1, b"\1\0\0\0\1x") + END,
    "a message that is too short": OK + frame(0, 0, 1, b"\0\0\0\0\5x") + END,
    "two messages": OK + message(b"a") + message(b"b") + END,
    "no message": OK + END,
    "no status": OK + message(b"a") + headers((b"x-other", b"0"), end=True),
    "plain HTTP": headers((b":status", b"404"), end=True),
    "a header that cannot be unpacked": frame(1, 4, 1, b"\xff\xff\xff"),
    "data ahead of headers": message(b"a"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_grpc_is_a_value_error(raw, name):
    raw.said = SETTINGS + WRONG[name]
    with pytest.raises(ValueError):
        ask(raw.path)


BROKEN = {
    "nothing": b"",
    "settings only": SETTINGS,
    "half an answer": SETTINGS + OK,
    "a stream that is reset": SETTINGS + frame(3, 0, 1, b"\0\0\0\2"),
    "a connection that goes away": SETTINGS + frame(7, 0, 0, b"\0\0\0\0\0\0\0\2"),
    "a frame of 16 MiB that never comes": SETTINGS + b"\xff\xff\xff\0\0\0\0\0\1",
    "HTTP/1": b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_connection_that_breaks_is_an_error_of_the_system(raw, name):
    raw.said = BROKEN[name]
    with pytest.raises(ConnectionError):
        ask(raw.path)


def test_an_odd_status_is_an_unknown_error(raw):
    raw.said = SETTINGS + headers((b":status", b"200"), (b"grpc-status", b"seven"), (b"grpc-message", b"%zz"), end=True)
    with pytest.raises(CallError, match="%zz") as caught:
        ask(raw.path)
    assert caught.value.code == 2


GOOD = SETTINGS + OK + message(b"yes") + END
MUTATED = st.tuples(st.integers(0, len(GOOD) - 1), st.binary(max_size=6), st.integers(0, 6)).map(
    lambda cut: GOOD[: cut[0]] + cut[1] + GOOD[cut[0] + cut[2] :]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=MUTATED | st.binary().map(lambda data: SETTINGS + data) | st.binary())
def test_no_bytes_raise_anything_else(raw, said):
    raw.said = said
    try:
        ask(raw.path)
    except (OSError, ValueError, CallError):
        pass
