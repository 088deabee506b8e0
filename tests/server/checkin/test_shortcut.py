"""The shortcut for idle reads answers exactly as the whole way does, however the bytes arrive."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

IDLE = b'{"queries":{},"discovery":{}}'


class Wire:
    """A TLS connection that sends bytes as they are given."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        self.sock = sock
        self.buffer = b""

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next response."""
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        length = int(headers["content-length"])
        while len(self.buffer) < length:
            self._more()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return int(lines[0].split()[1]), headers, body

    def _more(self) -> None:
        data = self.sock.recv(65536)
        assert data, f"closed; had {self.buffer!r}"
        self.buffer += data


@pytest.fixture
def wire(server: Any) -> Any:
    @contextmanager
    def connect() -> Iterator[Wire]:
        host, port = server.url.removeprefix("https://").split(":")
        with (
            socket.create_connection((host, int(port)), timeout=20) as plain,
            server.context.wrap_socket(plain, server_hostname=host) as sock,
        ):
            yield Wire(sock)

    return connect


def request(key: str, *headers: str, path: str = "/api/osquery/distributed/read", body: bytes | None = None) -> bytes:
    body = json.dumps({"node_key": key}).encode() if body is None else body
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json", "User-Agent: osquery/5.23.0",
             "Content-Type: application/json", *headers, f"Content-Length: {len(body)}"]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_the_same_request_is_answered_again_and_again(agent: Any, wire: Any) -> None:
    with wire() as w:
        seen = []
        for _ in range(20):
            w.send(request(agent.key))
            seen.append(w.answer())
        assert {(status, body) for status, _, body in seen} == {(200, IDLE)}
        assert set(seen[0][1]) == {"date", "content-type", "content-length"}
        assert seen[0][1].keys() == seen[-1][1].keys()


def test_it_answers_with_the_same_headers_as_the_whole_way(agent: Any, wire: Any) -> None:
    with wire() as w:
        w.send(request(agent.key))
        short = w.answer()
        w.send(request(agent.key, "Content-Encoding: identity"))
        whole = w.answer()
        assert (short[0], short[2]) == (whole[0], whole[2])
        assert {**short[1], "date": ""} == {**whole[1], "date": ""}


@pytest.mark.parametrize("step", [1, 7, 100])
def test_a_request_may_come_in_pieces(agent: Any, wire: Any, step: int) -> None:
    with wire() as w:
        data = request(agent.key)
        for _ in range(2):
            for start in range(0, len(data), step):
                w.send(data[start : start + step])
            assert w.answer()[2] == IDLE
            w.send(data)
            assert w.answer()[2] == IDLE


def test_requests_may_be_sent_ahead(agent: Any, wire: Any) -> None:
    with wire() as w:
        data = request(agent.key)
        config = request(agent.key, path="/api/osquery/config")
        w.send(data + data + config + data + data[:50])
        bodies = [w.answer()[2] for _ in range(4)]
        assert [body == IDLE for body in bodies] == [True, True, False, True]
        assert b"distributed_interval" in bodies[2]
        w.send(data[50:] + data)
        assert [w.answer()[2] for _ in range(2)] == [IDLE, IDLE]


def test_a_live_query_reaches_a_connection_that_was_idle(agent: Any, api: httpx.Client, wire: Any, kit: Any) -> None:
    with wire() as w:
        for _ in range(3):
            w.send(request(agent.key))
            assert w.answer()[2] == IDLE
        body = {"query": "select 1", "selected": {"hosts": [kit.host_id(api, agent)]}}
        number = api.post("/api/v1/fleet/queries/run", json=body).json()["campaign"]["id"]
        w.send(request(agent.key))
        name = f"fleet_distributed_query_{number}"
        assert json.loads(w.answer()[2])["queries"] == {name: "select 1"}
        answer = json.dumps({"node_key": agent.key, "queries": {name: []}}).encode()
        w.send(request(agent.key, path="/api/osquery/distributed/write", body=answer))
        assert w.answer()[2] == b"{}"
        w.send(request(agent.key))
        assert w.answer()[2] == IDLE


def test_details_that_are_due_reach_a_connection_that_was_idle(
    agent: Any, api: httpx.Client, wire: Any, kit: Any
) -> None:
    with wire() as w:
        for _ in range(2):
            w.send(request(agent.key))
            assert w.answer()[2] == IDLE
        api.post(f"/api/v1/fleet/hosts/{kit.host_id(api, agent)}/refetch")
        w.send(request(agent.key))
        assert b"fleet_detail_query_uptime" in w.answer()[2]


def test_a_key_that_dies_is_noticed_at_once(agent: Any, wire: Any) -> None:
    with wire() as w:
        old = agent.key
        for _ in range(3):
            w.send(request(old))
            assert w.answer()[2] == IDLE
        agent.enroll()
        w.send(request(old))
        status, _, body = w.answer()
        assert status == 401
        assert json.loads(body)["node_invalid"] is True


def test_another_host_on_the_same_connection_is_another_host(server: Any, agent: Any, wire: Any, kit: Any) -> None:
    with kit.agent(server) as other, wire() as w:
        other.enroll()
        w.send(request(agent.key))
        assert w.answer()[2] == IDLE
        w.send(request(other.key))
        assert b"fleet_detail_query" in w.answer()[2]
        w.send(request("x" * 32))
        assert w.answer()[0] == 401


@pytest.mark.parametrize("header", ["Connection: close", "Prefer: wait=1", "Expect: 100-continue"])
def test_a_request_with_wishes_goes_the_whole_way(agent: Any, wire: Any, header: str) -> None:
    with wire() as w:
        for _ in range(2):
            w.send(request(agent.key))
            assert w.answer()[2] == IDLE
        w.send(request(agent.key, header))
        if header.startswith("Expect"):
            while b"\r\n\r\n" not in w.buffer:
                w._more()
            assert w.buffer.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
            w.buffer = w.buffer.partition(b"\r\n\r\n")[2]
        status, headers, body = w.answer()
        assert (status, body) == (200, IDLE)
        assert ("preference-applied" in headers) == header.startswith("Prefer")
        assert (headers.get("connection") == "close") == header.startswith("Connection")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"node_key":5}', b" " * 10_000, b"\xff" * 5000])
def test_odd_bodies_are_refused_and_the_connection_lives(agent: Any, wire: Any, body: bytes) -> None:
    with wire() as w:
        w.send(request(agent.key))
        assert w.answer()[2] == IDLE
        w.send(request("", body=body))
        assert w.answer()[0] == 400
        w.send(request(agent.key))
        assert w.answer()[2] == IDLE


def test_chunked_bodies_work(agent: Any, wire: Any) -> None:
    with wire() as w:
        body = json.dumps({"node_key": agent.key}).encode()
        head = re.sub(rb"Content-Length: \d+", b"Transfer-Encoding: chunked", request("", body=b""))
        for _ in range(2):
            w.send(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
            assert w.answer()[2] == IDLE


def test_garbage_after_a_request_closes_the_connection(agent: Any, wire: Any) -> None:
    with wire() as w:
        w.send(request(agent.key) + b"\x00garbage\r\n\r\n")
        assert w.answer()[2] == IDLE
        assert w.answer()[0] == 400
        assert w.sock.recv(100) == b""
