"""The agent with our own server as a process, and with a server that behaves as stock Fleet does (fleet.md, 1)."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leadline.server import setup

Start = Callable[..., Any]

PATHS = {
    "enroll_tls_endpoint": "enroll",
    "config_tls_endpoint": "config",
    "logger_tls_endpoint": "log",
    "distributed_tls_read_endpoint": "distributed/read",
    "distributed_tls_write_endpoint": "distributed/write",
}


class Own:
    """``leadline server`` with a data directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ready = setup.prepare(str(directory))
        with (directory / "stderr").open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "leadline", "server", "--data", directory, "--listen", "127.0.0.1:0"],
                stdout=subprocess.PIPE, stderr=errors, env=os.environ,
            )  # fmt: skip
        assert self.process.stdout is not None
        self.url = str(json.loads(self.process.stdout.readline())["url"])
        self.token = setup.mint_token(str(directory))
        self.context = ssl.create_default_context(cafile=self.ready.ca)

    def ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(f"{self.url}/api/latest/{path}", data, headers)
        with urllib.request.urlopen(request, context=self.context, timeout=20) as reply:
            return json.load(reply)

    def live(self, sql: str) -> list[dict[str, str]]:
        """The rows that the one host answers."""
        hosts = [host["id"] for host in self.ask("fleet/hosts")["hosts"]]
        started = self.ask("fleet/queries/run", {"query": sql, "selected": {"hosts": hosts}})
        number = started["campaign"]["id"]
        end = time.monotonic() + 20
        while self.ask(f"leadline/live_queries/{number}")["live_query"]["status"] == "running":
            assert time.monotonic() < end
            time.sleep(0.02)
        found = self.ask(f"leadline/live_queries/{number}/results?limit=100")
        return [row for result in found["results"] for row in result["rows"] or [{"error": result["error"]}]]

    def flags(self, directory: Path) -> list[str]:
        secret = directory / "own-secret"
        secret.write_text(self.ready.enroll_secret)
        secret.chmod(0o600)
        return [
            f"--tls_hostname={self.url.removeprefix('https://')}", f"--tls_server_certs={self.ready.ca}",
            f"--enroll_secret_path={secret}", "--config_plugin=tls", "--logger_plugin=tls", "--logger_tls_period=1",
            "--disable_distributed=false", "--host_identifier=instance", "--config_refresh=2", "--tls_accept_gzip",
            *(f"--{flag}=/api/osquery/{path}" for flag, path in PATHS.items()),
        ]  # fmt: skip

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Own]:
    directory = tmp_path / "server"
    directory.mkdir()
    server = Own(directory)
    yield server
    server.close()


def test_our_agent_with_our_server_from_enrolling_to_a_live_query(own: Own, daemon: Start, tmp_path: Path) -> None:
    running = daemon(*own.flags(tmp_path))
    running.until(lambda: [host for host in own.ask("fleet/hosts")["hosts"] if host["hostname"]], timeout=30)
    name = Path("/proc/1/comm").read_text().strip()
    assert own.live("SELECT pid, name FROM processes WHERE pid = 1") == [{"pid": "1", "name": name}]
    began = time.monotonic()
    assert own.live("SELECT 'é' AS a, NULL AS n") == [{"a": "é", "n": ""}]
    assert time.monotonic() - began < 3  # it waits at the server, and not for distributed_interval
    assert own.live("SELECT * FROM nosuch") == [{"error": "no such table: nosuch"}]
    status = own.directory / "logs" / "osqueryd.status.log"
    running.until(lambda: status.exists() and "Enrolled at" in status.read_text(), timeout=30)
    assert running.stop() == 0


def test_a_slow_query_is_handed_out_once(own: Own, daemon: Start, tmp_path: Path) -> None:
    """Our server gives up on a host that comes back three times without an answer."""
    running = daemon(*own.flags(tmp_path), "--distributed_query_timeout=3", "--distributed_loginfo")
    running.until(lambda: [host for host in own.ask("fleet/hosts")["hosts"] if host["hostname"]], timeout=30)
    slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    assert own.live(slow) == [{"error": "query timed out after 3 s"}]
    assert running.complaints().count("SELECT count(*) FROM n") == 1
    assert running.stop() == 0


def test_cancelling_a_live_query_stops_it_on_the_host_and_others_do_not_wait(
    own: Own, daemon: Start, tmp_path: Path
) -> None:
    running = daemon(*own.flags(tmp_path), "--distributed_query_timeout=60", "--verbose")
    running.until(lambda: [host for host in own.ask("fleet/hosts")["hosts"] if host["hostname"]], timeout=30)
    hosts = [host["id"] for host in own.ask("fleet/hosts")["hosts"]]
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    started = own.ask("fleet/queries/run", {"query": endless, "selected": {"hosts": hosts}})["campaign"]["id"]

    def sent() -> bool:
        return bool(own.ask(f"leadline/live_queries/{started}")["live_query"]["totals"]["sent"])

    running.until(sent, timeout=20)
    began = time.monotonic()
    assert own.live("SELECT 1 AS one") == [{"one": "1"}]  # beside the endless one
    assert time.monotonic() - began < 3
    own.ask(f"leadline/live_queries/{started}/cancel", {})
    running.until(lambda: "Cancelled the distributed query" in running.complaints(), timeout=10)
    assert running.complaints().count("SELECT count(*) FROM n") <= 1, "it was not handed out again"
    assert own.live("SELECT 2 AS two") == [{"two": "2"}]
    assert running.stop() == 0


def test_an_agent_of_stock_fleet(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    """Fleet: 401 with node_invalid, 500 without; the same queries until they are answered; 413 for what is too much."""
    base = "/api/v1/osquery/"
    flags = [flag for flag in fleet.flags(tmp_path) if "endpoint" not in flag]
    flags += [f"--{flag}={base}{path}" for flag, path in PATHS.items()]
    config = {"options": {"pack_delimiter": "/"}, "packs": {"Global": {"queries": {}}}}
    asked = {
        "fleet_detail_query_os": "SELECT name FROM os_version",
        "fleet_no_policies_wildcard": "SELECT 1",
        "fleet_label_query_6": "SELECT 1 WHERE 0",
        "fleet_distributed_query_9": "SELECT * FROM nosuch",
    }
    key = "4xQ/9Z8+VaSmPjDnTwRk0cLr2bHq7uEy"
    for path in PATHS.values():
        fleet.answers[base + path].clear()
    fleet.answers[f"{base}enroll"] += [
        (401, b'{"error":"enroll failed","node_invalid":true,"uuid":"t1"}', {}),
        (200, json.dumps({"node_key": key, "node_invalid": False}).encode(), {}),
        (200, json.dumps({"node_key": f"{key}2"}).encode(), {}),
    ]
    fleet.answers[f"{base}config"] += [
        (500, b'{"error":"database is away","uuid":"t2"}', {}),
        (200, json.dumps(config).encode(), {}),
    ]
    work = {"queries": asked, "discovery": dict.fromkeys(asked, "SELECT 1"), "accelerate": 10}
    fleet.answers[f"{base}distributed/read"] += [
        (200, json.dumps(work).encode(), {}),
        (500, b'{"error":"redis: connection refused","node_invalid":true}', {}),
        (200, json.dumps({"queries": asked, "discovery": {}}).encode(), {}),
        (401, b'{"error":"authentication error: invalid node key","node_invalid":true,"uuid":"t3"}', {}),
        *[(200, b'{"queries":{},"discovery":{}}', {})] * 1000,
    ]  # fmt: skip
    fleet.answers[f"{base}distributed/write"] += [
        (500, b'{"error":"campaignID=9 waiting for listener"}', {}), *[(200, b"", {})] * 1000,
    ]  # fmt: skip
    fleet.answers[f"{base}log"] += [(413, b'{"error":"log destination"}', {}), *[(200, b"", {})] * 1000]
    running = daemon(*flags, "--distributed_tls_max_attempts=1", "--distributed_workers=1")
    first, second, third = fleet.wait(f"{base}enroll", 3, timeout=30)
    assert "Authorization" not in first.headers
    assert first.body["host_details"].keys() == second.body["host_details"].keys() == third.body["host_details"].keys()
    read = fleet.wait(f"{base}distributed/read", 5, timeout=30)
    assert [request.body["node_key"] for request in read[:5]] == [key] * 4 + [f"{key}2"]
    assert all(request.headers["Authorization"] == f"NodeKey {request.body['node_key']}" for request in read)
    running.until(lambda: len(fleet.seen(f"{base}distributed/write")) >= 5)
    written = fleet.seen(f"{base}distributed/write")
    answered = {name for request in written[1:] for name in request.body["queries"]}
    assert answered == set(asked)
    (label,) = {json.dumps(r.body["queries"]) for r in written if "fleet_label_query_6" in r.body["queries"]}
    assert label == '{"fleet_label_query_6": []}'
    messages = {name: text for request in written for name, text in request.body["messages"].items()}
    assert messages["fleet_distributed_query_9"] == "no such table: nosuch"
    told = running.complaints()
    assert "The server refused the enroll secret: enroll failed" in told
    assert "The server does not know the node key any more: enrolling again" in told
    assert "redis: connection refused" in told
    assert running.stop() == 0
