"""The TLS plugins against a real server: headers and bodies to the byte, and a sentence for every way to fail."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from leadline import OSQUERY_VERSION
from leadline.agent.answers import Answer
from leadline.plugins.config import tls as config_tls
from leadline.plugins.distributed import tls as distributed_tls
from leadline.plugins.enroll import tls as enroll_tls
from leadline.plugins.errors import (
    IncompleteError,
    InvalidNodeKeyError,
    PluginError,
    RefusedError,
    UnreachableError,
    UnusableError,
)
from leadline.plugins.logger import tls as logger_tls
from leadline.plugins.transport import Transport, host_port

Config = config_tls.TLS
Distributed = distributed_tls.TLS
Enroll = enroll_tls.TLS
Logger = logger_tls.TLS


@pytest.fixture
def config(surroundings: Any) -> Any:
    surroundings.set(config_tls_endpoint="/config", config_tls_max_attempts=1)
    made = Config(surroundings)
    yield made
    made.session.transport.close()


def test_a_request_has_osquerys_headers_and_body(fleet: Any, config: Config) -> None:
    fleet.config = {"schedule": {}}
    assert config.read() == {"tls_plugin": '{"schedule": {}}'}
    (request,) = fleet.seen("/config")
    assert request.text == '{"node_key":"nk1","etag":""}'
    assert request.headers == {
        "Host": f"localhost:{fleet.port}",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": f"osquery/{OSQUERY_VERSION}",
        "Authorization": "NodeKey nk1",
        "Content-Length": "28",
    }


def test_one_connection_serves_many_requests_and_is_replaced_when_it_was_closed(
    fleet: Any, config: Config, surroundings: Any
) -> None:
    for _ in range(3):
        config.read()
    assert fleet.connections == 1
    fleet.answers["/config"].append((200, b"{}", {"Connection": "close"}))
    config.read()
    config.read()
    assert fleet.connections == 2
    surroundings.set(tls_session_reuse="false")
    config.read()
    assert fleet.connections == 3


def test_packed_answers_are_asked_for_and_unpacked(fleet: Any, config: Config, surroundings: Any) -> None:
    surroundings.set(tls_accept_gzip="true")
    fleet.config = {"options": {"a": "b" * 1000}}
    assert json.loads(config.read()["tls_plugin"]) == fleet.config


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (200, b'{"error":"out of order"}', "Request failed: out of order"),
        (500, b'{"error":"database"}', "Request failed: database"),
        (502, b"<html>", "The server's answer (502 Bad Gateway) is not JSON: '<html>'"),
        (503, b"", "Request failed: the server answered 503 Service Unavailable"),
        (200, b"[]", "The server's answer (200 OK) is not a JSON object"),
    ],
)
def test_an_answer_that_is_none_is_told_as_it_is(
    fleet: Any, config: Config, surroundings: Any, status: int, body: bytes, sentence: str
) -> None:
    fleet.answers["/config"].append((status, body, {"Retry-After": "7"}))
    with pytest.raises(RefusedError) as caught:
        config.read()
    assert str(caught.value) == sentence
    assert caught.value.retry_after == 7
    assert surroundings.keys.invalidated == []


@pytest.mark.parametrize("status", [200, 401])
def test_node_invalid_drops_the_key_whatever_the_status(
    fleet: Any, config: Config, surroundings: Any, status: int
) -> None:
    fleet.answers["/config"].append((status, b'{"node_invalid":true,"error":"x"}', {}))
    with pytest.raises(InvalidNodeKeyError, match="Request failed: Invalid node key"):
        config.read()
    assert surroundings.keys.invalidated == ["nk1"]
    surroundings.set(disable_reenrollment="true")
    fleet.answers["/config"].append((status, b'{"node_invalid":true}', {}))
    with pytest.raises(InvalidNodeKeyError):
        config.read()
    assert surroundings.keys.invalidated == ["nk1"]


def test_an_empty_answer_is_an_empty_object_and_tries_are_repeated(
    fleet: Any, surroundings: Any, config: Config
) -> None:
    surroundings.set(config_tls_max_attempts=2)
    fleet.answers["/config"] += [(500, b"", {}), (200, b"", {})]
    began = time.monotonic()
    assert config.read() == {"tls_plugin": "{}"}
    assert 0.9 < time.monotonic() - began < 3


def test_redirects_are_followed_but_not_away_from_https(fleet: Any, config: Config) -> None:
    fleet.answers["/config"].append((307, b"", {"Location": "/moved"}))
    fleet.answers["/moved"].append((200, b'{"a":1}', {}))
    assert config.read() == {"tls_plugin": '{"a":1}'}
    fleet.answers["/config"].append((301, b"", {"Location": "http://localhost/x"}))
    with pytest.raises(UnreachableError, match="which is not https"):
        config.read()
    fleet.answers["/config"] += [(302, b"", {"Location": "/config"})] * 11
    with pytest.raises(UnreachableError, match="redirects more than 10 times"):
        config.read()


def failure(config: Config) -> UnreachableError:
    with pytest.raises(UnreachableError) as caught:
        config.read()
    return caught.value


def test_each_step_of_a_connection_has_its_own_sentence(
    fleet: Any, config: Config, surroundings: Any, fleet_module: Any, tmp_path: Path
) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        surroundings.set(tls_hostname=f"127.0.0.1:{port}")
        error = failure(config)
        assert (error.step, str(error)) == (
            "connect", f"Cannot connect to 127.0.0.1:{port} (127.0.0.1): Connection refused",
        )  # fmt: skip
    surroundings.set(tls_hostname="name.invalid")
    error = failure(config)
    assert error.step == "resolve"
    assert str(error).startswith("Cannot resolve name.invalid: ")
    stranger = fleet_module.Authority(tmp_path, "Stranger")
    surroundings.set(tls_hostname=f"localhost:{fleet.port}", tls_server_certs=stranger.path)
    config.session.transport.context = None
    error = failure(config)
    assert error.step == "tls"
    assert "is not accepted: unable to get local issuer certificate" in str(error)
    assert "it is for 'CN=localhost' and was issued by 'CN=Test authority'" in str(error)
    assert f"trusted is what is in {stranger.path} (--tls_server_certs)" in str(error)


def test_a_name_that_the_certificate_does_not_carry_is_refused(
    config: Config, surroundings: Any, fleet_module: Any, tmp_path: Path
) -> None:
    server = fleet_module.Fleet(tmp_path, host="other.example")
    surroundings.set(tls_hostname=f"localhost:{server.port}", tls_server_certs=server.authority.path)
    error = failure(config)
    assert error.step == "tls"
    assert "Hostname mismatch" in str(error)
    server.close()


def test_a_server_without_tls_is_told_apart(config: Config, surroundings: Any) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def speak() -> None:
            connection, _ = listening.accept()
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=speak)
        thread.start()
        surroundings.set(tls_hostname=f"127.0.0.1:{listening.getsockname()[1]}", tls_server_certs="")
        error = failure(config)
        thread.join()
    assert error.step == "tls"
    assert "The TLS handshake with 127.0.0.1:" in str(error)


def test_certificates_that_cannot_be_read_are_named(
    fleet: Any, config: Config, surroundings: Any, tmp_path: Path
) -> None:
    surroundings.set(tls_server_certs=tmp_path / "absent.pem")
    with pytest.raises(UnusableError, match=r"Cannot read the server certificates in .*absent.pem"):
        config.read()
    surroundings.set(tls_server_certs=fleet.authority.path, tls_client_cert=tmp_path / "absent.crt")
    with pytest.raises(UnusableError, match="Cannot read the client certificate"):
        config.read()


def test_a_client_certificate_is_shown(config: Config, surroundings: Any, fleet_module: Any, tmp_path: Path) -> None:
    people = fleet_module.Authority(tmp_path, "People")
    certificate, key = people.issue("agent")
    server = fleet_module.Fleet(tmp_path, client_authority=people.path)
    server.keys.add("nk1")
    surroundings.set(tls_hostname=f"localhost:{server.port}", tls_server_certs=server.authority.path)
    assert failure(config).step in ("tls", "answer")  # TLS 1.3 tells only after the client's handshake
    surroundings.set(tls_client_cert=certificate, tls_client_key=key)
    config.session.transport.close()
    config.session.transport.context = None
    assert config.read() == {"tls_plugin": "{}"}
    config.session.transport.close()
    server.close()


def test_a_proxy_is_asked_for_a_tunnel(fleet: Any, config: Config, surroundings: Any) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        heard: list[bytes] = []

        def pump(source: socket.socket, target: socket.socket) -> None:
            try:
                while data := source.recv(65536):
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        def serve() -> None:
            for refuse in (True, False):
                connection, _ = listening.accept()
                heard.append(connection.recv(1000))
                if refuse:
                    connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
                    connection.close()
                    continue
                connection.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
                with closing(connection), closing(socket.create_connection(("127.0.0.1", fleet.port))) as behind:
                    back = threading.Thread(target=pump, args=(behind, connection))
                    back.start()
                    pump(connection, behind)
                    back.join()

        thread = threading.Thread(target=serve)
        thread.start()
        surroundings.set(proxy_hostname=f"127.0.0.1:{listening.getsockname()[1]}")
        error = failure(config)
        assert error.step == "proxy"
        assert "407 Proxy Authentication Required" in str(error)
        assert config.read() == {"tls_plugin": "{}"}
        config.session.transport.close()
        thread.join()
    assert heard[1].startswith(f"CONNECT localhost:{fleet.port} HTTP/1.1\r\n".encode())


def test_enrolling_sends_the_secret_and_what_the_machine_is(fleet: Any, surroundings: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("\n s3cret \n")
    surroundings.set(enroll_tls_endpoint="/enroll", enroll_secret_path=secret)
    plugin = Enroll(surroundings)
    assert plugin.enroll() == "nk2"
    (request,) = fleet.seen("/enroll")
    assert request.text == (
        '{"enroll_secret":"s3cret","host_identifier":"d23dac5e","platform_type":"9",'
        '"host_details":{"os_version":{"_id":"12","name":"Debian GNU/Linux"}}}'
    )
    assert "Authorization" not in request.headers
    plugin.transport.close()


def test_a_secret_can_come_from_the_environment(fleet: Any, surroundings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    surroundings.set(enroll_tls_endpoint="/enroll", enroll_secret_env="THE_SECRET")
    plugin = Enroll(surroundings)
    with pytest.raises(UnusableError, match="The environment variable THE_SECRET"):
        plugin.enroll()
    monkeypatch.setenv("THE_SECRET", "s3cret")
    plugin.earliest = 0
    assert plugin.enroll() == "nk2"
    plugin.transport.close()


def test_a_wrong_secret_is_tried_as_often_as_the_flag_says(fleet: Any, surroundings: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("wrong")
    surroundings.set(enroll_tls_endpoint="/enroll", enroll_secret_path=secret, tls_enroll_max_attempts=2)
    plugin = Enroll(surroundings)
    began = time.monotonic()
    with pytest.raises(RefusedError, match="The server refused the enroll secret"):
        plugin.enroll()
    assert time.monotonic() - began > 0.9
    assert len(fleet.seen("/enroll")) == 2
    surroundings.stopping.set()
    with pytest.raises(PluginError, match="interrupted"):
        plugin.enroll()
    plugin.transport.close()


def test_distributed_queries_are_read_and_answered_as_osquery_does(fleet: Any, surroundings: Any) -> None:
    surroundings.set(
        distributed_tls_read_endpoint="/read", distributed_tls_write_endpoint="/write", distributed_tls_max_attempts=1
    )
    plugin = Distributed(surroundings)
    fleet.work.append({"queries": {"q1": "SELECT 1"}, "discovery": {"q1": "SELECT 1"}, "accelerate": 10})
    assert plugin.read(0, []) == ({"q1": "SELECT 1"}, {"q1": "SELECT 1"}, 10, False, False, [])
    assert fleet.seen("/read")[0].headers["Prefer"] == "running"
    fleet.work.append({"queries": {}, "accelerate": "10"})
    assert plugin.read(5, ["q1"]) == ({}, {}, 0, False, False, [])
    assert fleet.seen("/read")[1].headers["Prefer"] == "wait=5, running"
    assert fleet.seen("/read")[1].text == '{"node_key":"nk1"}'
    fleet.holds = True
    assert plugin.read(1, []) == ({}, {}, 0, True, False, [])
    fleet.aware = True
    assert plugin.read(1, ["q1"]) == ({}, {}, 0, True, True, [])
    fleet.work.append({"queries": {}, "cancel": ["q1"]})
    assert plugin.read(1, ["q1"]) == ({}, {}, 0, True, True, ["q1"])
    assert fleet.seen("/read")[4].text == '{"node_key":"nk1","running":["q1"]}'
    fleet.holds = False
    for wrong in ({"queries": {"": "SELECT 1"}}, {"queries": {"q": ""}}, {"queries": {"q": 1}}, {"queries": []}):
        fleet.work.append(wrong)
        with pytest.raises(RefusedError):
            plugin.read(0, [])
    plugin.write(Answer("é", 1, "no").results())
    assert fleet.seen("/write")[0].text == (
        '{"queries":{"é":[]},"statuses":{"é":1},"messages":{"é":"no"},"stats":{"é":{"wall_time_ms":0,"user_time":0,'
        '"system_time":0,"memory":0}},"node_key":"nk1"}'
    )
    plugin.session.transport.close()
    plugin.answering.transport.close()


def test_log_lines_are_sent_packed_or_plain_and_too_long_ones_are_left_out(fleet: Any, surroundings: Any) -> None:
    surroundings.set(logger_tls_endpoint="/log", logger_tls_max_linesize=20)
    plugin = Logger(surroundings)
    with pytest.raises(IncompleteError) as caught:
        plugin.send("result", ['{"a":"é"}', '{"a":"%s"}' % ("x" * 30)], "")
    assert (caught.value.left, caught.value.refused) == (
        frozenset(), {1: "Linesize exceeds TLS logger maximum: 38"},
    )  # fmt: skip
    surroundings.set(logger_tls_compress="true")
    plugin.send("status", ['{"b":1}', '{"c":2}'], "")
    plain, packed = fleet.seen("/log")
    assert plain.text == '{"node_key":"nk1","log_type":"result","data":[{"a":"é"}]}'
    assert not plain.packed
    assert packed.text == '{"node_key":"nk1","log_type":"status","data":[{"b":1},{"c":2}]}'
    assert packed.packed
    plugin.close()


def test_status_lines_are_not_sent_when_the_flag_says_so(surroundings: Any) -> None:
    surroundings.set(tls_disable_status_log="true")
    assert Logger(surroundings).streams == {"result": ("result", "snapshot")}


def test_a_request_is_cut_short_from_another_thread(fleet: Any, surroundings: Any) -> None:
    surroundings.set(distributed_tls_read_endpoint="/read", distributed_tls_max_attempts=1)
    fleet.holds = True
    plugin = Distributed(surroundings)
    threading.Timer(0.3, plugin.cancel).start()
    began = time.monotonic()
    with pytest.raises(UnreachableError):
        plugin.read(30, [])
    assert time.monotonic() - began < 5


def test_the_server_may_have_a_port_and_be_an_address() -> None:
    assert host_port("host", 443) == ("host", 443)
    assert host_port("host:8080", 443) == ("host", 8080)
    assert host_port("[::1]:8080", 443) == ("::1", 8080)
    assert host_port("::1", 443) == ("::1", 443)
    assert host_port("[fd00::2]", 443) == ("fd00::2", 443)


def test_without_a_server_nothing_is_sent(surroundings: Any) -> None:
    with pytest.raises(UnusableError, match="no server is set"):
        Transport(surroundings.flags).post("/", b"", {})
