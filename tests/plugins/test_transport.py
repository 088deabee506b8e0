"""Requests over real sockets: redirects, limits, packed answers, addresses, dumps."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import zstandard

from leadline.plugins import transport as transport_module
from leadline.plugins.errors import InvalidNodeKeyError, PluginError, RefusedError, UnreachableError, UnusableError
from leadline.plugins.session import Session
from leadline.plugins.transport import MAX_ANSWER, Parts, Server, Transport


@pytest.fixture
def session(surroundings: Any) -> Iterator[Session]:
    made = Session(surroundings)
    yield made
    made.transport.close()


def ask(session: Session, path: str = "/config", **options: Any) -> dict[str, Any]:
    return session.call(path, lambda key: f'{{"node_key":{json.dumps(key)}}}', **options)[0]


@contextmanager
def listening(speak: Callable[[socket.socket], None], times: int = 1) -> Iterator[int]:
    """A server in the clear that runs ``speak`` with each of its connections; its port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            for _ in range(times):
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with closing(connection):
                    try:
                        speak(connection)
                    except OSError:
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def plain(surroundings: Any, port: int) -> Transport:
    return Transport(surroundings.flags, Server("127.0.0.1", port, secure=False))


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("https://elsewhere.example/config", "redirects to another host, elsewhere.example, which is not sent"),
        ("//elsewhere.example/x", "set --tls_hostname=elsewhere.example"),
        ("http://localhost/config", "which is not https"),
        ("ftp://localhost/config", "which is not https"),
        ("https://localhost:999999/", "which is no address"),
    ],
)
def test_a_redirect_takes_no_key_to_another_host_nor_into_the_clear(
    fleet: Any, session: Session, target: str, sentence: str
) -> None:
    fleet.answers["/config"].append((308, b"", {"Location": target}))
    with pytest.raises(UnreachableError) as caught:
        ask(session)
    assert sentence in str(caught.value)
    assert caught.value.step == "answer"
    assert len(fleet.requests) == 1


def test_a_redirect_may_lead_to_another_port_and_path_of_the_host(
    fleet: Any, fleet_module: Any, session: Session, tmp_path: Path
) -> None:
    second = fleet_module.Fleet(tmp_path, authority=fleet.authority)
    fleet.answers["/a/config"].append((307, b"", {"Location": "../b/config?x=1"}))
    fleet.answers["/b/config?x=1"].append((307, b"", {"Location": f"https://LOCALHOST:{second.port}/moved"}))
    second.answers["/moved"].append((200, b'{"a":1}', {}))
    assert ask(session, "/a/config") == {"a": 1}
    (arrived,) = second.requests
    assert arrived.body == {"node_key": "nk1"}
    assert arrived.headers["Authorization"] == "NodeKey nk1"
    second.close()


def test_ten_redirects_are_followed(fleet: Any, session: Session) -> None:
    fleet.answers["/config"] += [(302, b"", {"Location": "/config"})] * 10 + [(200, b'{"a":1}', {})]
    assert ask(session) == {"a": 1}


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("zstd", zstandard.compress), ("deflate", zlib.compress), ("identity", bytes)],
)
def test_packed_answers_are_unpacked(
    fleet: Any, session: Session, surroundings: Any, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    surroundings.set(tls_accept_gzip="true")
    fleet.answers["/config"].append((200, pack(b'{"a":"' + b"x" * 100_000 + b'"}'), {"Content-Encoding": coding}))
    assert ask(session) == {"a": "x" * 100_000}
    assert fleet.requests[0].headers["Accept-Encoding"] == "gzip, zstd"


@pytest.mark.parametrize(
    ("coding", "body", "sentence"),
    [
        ("gzip", gzip.compress(b"{}" * 1000)[:-12], "its packed content has no end"),
        ("gzip", b"no gzip at all", "incorrect header check"),
        ("zstd", b"no zstd at all", "broke off: "),
        ("br", b"whatever", "it is packed with 'br', which nobody asked for"),
        ("gzip", gzip.compress(b"\0" * (MAX_ANSWER + 1)), "it is larger than 16 MiB"),
        ("zstd", zstandard.compress(b"\0" * (MAX_ANSWER + 1)), "it is larger than 16 MiB"),
    ],
)
def test_an_answer_that_cannot_be_unpacked_or_is_too_large_is_told(
    fleet: Any, session: Session, coding: str, body: bytes, sentence: str
) -> None:
    fleet.answers["/config"].append((200, body, {"Content-Encoding": coding}))
    with pytest.raises(UnreachableError) as caught:
        ask(session)
    assert sentence in str(caught.value)
    assert ask(session) == {}  # the next one comes over a new connection


def test_an_answer_without_an_end_is_read_up_to_the_limit(surroundings: Any) -> None:
    def speak(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65_536)

    with listening(speak) as port:
        transport = plain(surroundings, port)
        with pytest.raises(UnreachableError, match="larger than 16 MiB"):
            transport.exchange("127.0.0.1", port, "/", b"{}", {}, 5)


def test_a_server_that_trickles_is_given_up(surroundings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "WHOLE", 1.0)

    def speak(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.1)

    with listening(speak) as port:
        transport = plain(surroundings, port)
        began = time.monotonic()
        with pytest.raises(UnreachableError, match=f"No answer from 127.0.0.1:{port} within"):
            transport.exchange("127.0.0.1", port, "/", b"{}", {}, 5)
        assert time.monotonic() - began < 4


def test_a_server_that_trickles_headers_is_given_up(surroundings: Any) -> None:
    def speak(connection: socket.socket) -> None:
        connection.recv(1000)
        for _ in range(100):
            connection.sendall(b"H")
            time.sleep(0.1)

    with listening(speak) as port:
        transport = plain(surroundings, port)
        began = time.monotonic()
        with pytest.raises(UnreachableError, match="within 1 s"):
            transport.exchange("127.0.0.1", port, "/", b"{}", {}, 1)
        assert time.monotonic() - began < 4


def test_a_server_that_takes_a_body_slowly_is_given_up(surroundings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "TIMEOUT", 0.5)
    done = threading.Event()
    with listening(lambda connection: bool(done.wait(5)) and None) as port:  # type: ignore[arg-type, return-value]
        transport = plain(surroundings, port)
        began = time.monotonic()
        with pytest.raises(UnreachableError):
            transport.exchange("127.0.0.1", port, "/", b"x" * (32 << 20), {}, 5)
        assert time.monotonic() - began < 4
        done.set()


def test_the_answer_of_a_server_that_does_not_want_all_of_a_body_is_read(surroundings: Any) -> None:
    def speak(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.5)  # what is unread makes a reset, which must not overtake the answer

    def pieces() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * 65_536
            time.sleep(0.01)

    with listening(speak) as port:
        transport = plain(surroundings, port)
        reply = transport.exchange("127.0.0.1", port, "/", Parts(64 * 65_536, pieces), {}, 5)
    assert reply.status == 413


def test_a_body_in_pieces_arrives_whole(fleet: Any, session: Session) -> None:
    text = json.dumps({"node_key": "nk1", "data": "é" * 100_000}).encode()
    body = Parts(len(text), lambda: (text[at : at + 1000] for at in range(0, len(text), 1000)))
    session.call("/log", lambda key: body)
    assert fleet.requests[0].text.encode() == text


def test_a_session_without_a_limit_is_kept_and_an_old_one_is_not(
    fleet: Any, session: Session, surroundings: Any
) -> None:
    surroundings.set(tls_session_timeout=0)
    for _ in range(3):
        ask(session)
    assert fleet.connections == 1
    surroundings.set(tls_session_timeout=1)
    time.sleep(1.1)
    ask(session)
    assert fleet.connections == 2


def test_a_server_that_is_out_of_order_cannot_take_a_key_away(fleet: Any, session: Session, surroundings: Any) -> None:
    fleet.answers["/config"].append((500, b'{"error":"database","node_invalid":true}', {}))
    with pytest.raises(RefusedError, match="Request failed: database") as caught:
        ask(session)
    assert not isinstance(caught.value, InvalidNodeKeyError)
    assert surroundings.keys.invalidated == []


def test_an_answer_of_another_program_is_shown(fleet: Any, session: Session) -> None:
    fleet.answers["/config"] += [
        (403, b"<html>\n <body>Blocked by the gateway</body>\r\n" + b"x" * 1000, {}),
        (404, b'{"message":"no such path"}', {}),
    ]
    with pytest.raises(RefusedError) as caught:
        ask(session)
    assert "(403 Forbidden) is not JSON: '<html> <body>Blocked by the gateway</body> xxx" in str(caught.value)
    assert len(str(caught.value)) < 300
    with pytest.raises(RefusedError) as caught:
        ask(session)
    assert str(caught.value) == (
        "Request failed: the server answered 404 Not Found: '{\"message\":\"no such path\"}'"
    )  # fmt: skip


def test_the_node_api_asks_by_get_with_the_key_in_the_address(fleet: Any, session: Session, surroundings: Any) -> None:
    surroundings.set(tls_node_api="true")
    surroundings.keys.value = "n/k="
    path = "/n%2Fk%3D/config?node_key=n%2Fk%3D"
    fleet.answers[path].append((200, json.dumps({"config": '{"schedule":{"é":1}}'}).encode(), {}))
    found, reply = session.call("/config", lambda key: "{}", fetch=True)
    assert (found, reply.body) == ({"schedule": {"é": 1}}, '{"schedule":{"é":1}}'.encode())
    assert "Content-Length" not in fleet.requests[0].headers
    assert fleet.requests[0].headers["Authorization"] == "NodeKey n/k="
    fleet.answers[path].append((200, b'{"schedule":{}}', {}))
    with pytest.raises(RefusedError, match="tls_node_api"):
        ask(session, fetch=True)


def test_the_secret_goes_with_each_request_when_that_is_asked_for(
    fleet: Any, session: Session, surroundings: Any, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3 cret&\n")
    surroundings.set(enroll_secret_path=secret, tls_secret_always="true", tls_enroll_override="token")
    fleet.answers["/config?token=s3%20cret%26"].append((200, b'{"a":1}', {}))
    assert ask(session) == {"a": 1}
    fleet.answers["/config?x=1&token=s3%20cret%26"].append((200, b'{"a":2}', {}))
    assert ask(session, "config?x=1") == {"a": 2}


def test_a_dump_shows_requests_and_answers_without_secrets(
    fleet: Any, session: Session, surroundings: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    surroundings.set(tls_dump="true", tls_node_api="true", tls_secret_always="true", enroll_secret_path=secret)
    surroundings.keys.value = "the+key"
    answer = {"node_key": 'a"b', "options": {"aws_secret_access_key": "AKIA"}, "x": "shown"}
    fleet.answers["/the%2Bkey/config?enroll_secret=s3cret&node_key=the%2Bkey"] += [
        (200, json.dumps(answer).encode(), {})
    ] * 2
    ask(session)
    assert capfd.readouterr().err == ""
    surroundings.set(verbose="true")
    ask(session)
    dump = capfd.readouterr().err
    assert dump == (
        "POST /(hidden)/config?enroll_secret=(hidden)&node_key=(hidden): "
        '{"node_key":"(hidden)"}\n'
        '200 OK: {"node_key": "(hidden)", "options": {"aws_secret_access_key": "(hidden)"}, "x": "shown"}\n'
    )


@pytest.mark.parametrize("name", ["https://host", "host/path", "user@host", "host:99999", "host:"])
def test_a_server_that_is_no_host_is_told(surroundings: Any, name: str) -> None:
    surroundings.set(tls_hostname=name)
    with pytest.raises(UnusableError, match="--tls_hostname"):
        Transport(surroundings.flags).post("/", b"", {})


def test_the_certificates_can_be_renewed_while_the_agent_runs(
    fleet: Any, fleet_module: Any, session: Session, surroundings: Any, tmp_path: Path
) -> None:
    file = tmp_path / "trusted.pem"
    file.write_bytes(fleet_module.Authority(tmp_path, "Old").path.read_bytes())
    surroundings.set(tls_server_certs=file)
    with pytest.raises(PluginError, match="is not accepted"):
        ask(session)
    file.write_bytes(fleet.authority.path.read_bytes())
    assert ask(session) == {}


def test_contexts_are_shared(fleet: Any, surroundings: Any) -> None:
    made = [Session(surroundings) for _ in range(3)]
    contexts = set()
    for one in made:
        ask(one)
        contexts.add(one.transport.context)
        one.transport.close()
    assert len(contexts) == 1
    assert fleet.connections == 3
    (context,) = contexts
    assert isinstance(context, ssl.SSLContext)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
