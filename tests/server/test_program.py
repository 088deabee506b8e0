"""``leadline server`` as people and service managers start it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "leadline", "server", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_help_names_every_option() -> None:
    done = start("--help")
    assert done.returncode == 0
    for option in ("--data", "--listen", "--database", "--log-level"):
        assert option in done.stdout


def test_a_port_in_use_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = start("--data", str(tmp_path / "d"), "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 1
    assert "Address already in use" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "/proc/nothing"], "the data directory /proc/nothing cannot be used"),
        (["--data", "{tmp}", "--listen", "nonsense"], "is no address to listen on"),
        (["--data", "{tmp}", "--listen", "192.0.2.1:1"], "cannot listen on 192.0.2.1:1"),
        (["--data", "{tmp}", "--database", "mysql://x"], "databases are sqlite or postgresql"),
        (["--data", "{tmp}", "--database", "postgresql://u:hunter2@127.0.0.1:1/x"], "the database does not answer"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = start(*(argument.replace("{tmp}", str(tmp_path / "d")) for argument in arguments))
    assert done.returncode == 1
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_options_that_are_not_there_are_a_usage_error() -> None:
    assert start("--bogus").returncode == 2
    assert start().returncode == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_signals_end_it_in_order(own_server: Any, number: int) -> None:
    assert own_server.end(number) == 0
    last = json.loads(own_server.log.splitlines()[-1])
    assert last["event"] == "stopped"


def test_last_check_ins_and_details_are_kept_when_it_stops(own_server: Any, kit: Any) -> None:
    with kit.agent(own_server) as agent:
        agent.enroll()
        agent.write(queries={"fleet_detail_query_uptime": [{"total_seconds": "5"}]})
        key = agent.key
    own_server.restart()
    with own_server.api() as api, kit.agent(own_server, agent.identifier) as again:
        host = api.get(f"/api/v1/fleet/hosts/identifier/{agent.identifier}").json()["host"]
        assert host["uptime"] == 5_000_000_000
        again.key = key
        assert again.read() == {"queries": {}, "discovery": {}}, "the key still works, details are not due"


def test_the_password_of_a_service_goes_to_a_private_file_once(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "leadline", "server", "--data", str(tmp_path), "--listen", "127.0.0.1:0"]
    file = tmp_path / "administrator-password"
    told = []
    for _ in range(2):
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert json.loads(line)["event"] == "listening"
            process.terminate()
            said = process.communicate(timeout=20)[1]
        told.append(str(file) in said)
        if told == [True]:
            password = file.read_text().strip()
            assert file.stat().st_mode & 0o777 == 0o600
            file.unlink()
        assert password not in said
    assert told == [True, False]
    assert not file.exists()
