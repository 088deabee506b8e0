"""`leadline up` as a newcomer types it: real server, real agent, this machine's rows."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

LEADLINE = [sys.executable, "-m", "leadline"]


def up(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LEADLINE, "up", *arguments], capture_output=True, text=True, timeout=90, check=False)


def running(directory: Path) -> list[str]:
    """Command lines of processes that name the directory."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
            if os.fsencode(directory) in line:
                found.append(line.replace(b"\0", b" ").decode())
    return found


def test_exec_prints_this_machines_rows_as_json_and_leaves_nothing_running(tmp_path: Path) -> None:
    done = up("--data", str(tmp_path / "data"), "--exec", "SELECT pid, name FROM processes WHERE pid = 1")
    assert done.returncode == 0, done.stderr
    name = Path("/proc/1/comm").read_text().strip()
    assert json.loads(done.stdout) == [{"pid": "1", "name": name}]
    assert "Enrolling this machine" in done.stderr
    assert not running(tmp_path)


def test_exec_of_wrong_sql_says_so_and_fails() -> None:
    done = up("--exec", "SELECT * FROM no_such_table")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == "leadline up: the query failed: no such table: no_such_table"


def test_exec_without_rows_prints_an_empty_array() -> None:
    done = up("--exec", "SELECT pid FROM processes WHERE pid = -5")
    assert (done.returncode, done.stdout) == (0, "[]\n")


def wait_for(path: Path, text: str, process: subprocess.Popen[str]) -> str:
    """What the process has written once the text is there."""
    for _ in range(600):
        written = path.read_text()
        if text in written:
            return written
        assert process.poll() is None, written
        time.sleep(0.1)
    raise AssertionError(path.read_text())


def start(data: Path, port: int, screen: Path) -> subprocess.Popen[str]:
    with screen.open("w") as output:
        arguments = ["up", "--data", str(data), "--listen", f"127.0.0.1:{port}"]
        return subprocess.Popen([*LEADLINE, *arguments], stderr=output, text=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_second_start_keeps_everything_and_a_signal_ends_it_cleanly(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    pages = []
    for number in range(2):
        screen = tmp_path / f"screen{number}"
        process = start(data, port, screen)
        try:
            pages.append(wait_for(screen, "Leadline is up", process))
            refused = up("--data", str(data))
            assert refused.returncode == 1
            assert "already up" in refused.stderr
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
    assert f"https://127.0.0.1:{port}" in pages[0]
    assert "the password is shown only now" in pages[0]
    assert "everything from last time is still here" in pages[1]
    assert "has enrolled" in pages[1]


def test_a_killed_up_takes_server_and_agent_with_it(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    process = start(data, port, tmp_path / "screen")
    wait_for(tmp_path / "screen", "Leadline is up", process)
    assert len(running(data)) == 4  # up, the server, and the agent with its watcher
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while running(data) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not running(data)


class Neighbour(threading.Thread):
    """Another host of the same fleet, which calls the server all the time."""

    def __init__(self, url: str, authority: Path, secret: str) -> None:
        super().__init__(daemon=True)
        self.url = f"{url}/api/osquery"
        self.context = ssl.create_default_context(cafile=authority)
        self.ended = threading.Event()
        details = {"system_info": {"hostname": "neighbour", "uuid": "6f1c8f0e-8f9a-4a58-9d5d-000000000001"}}
        self.key = self.post("enroll", enroll_secret=secret, host_identifier="neighbour", host_details=details)[
            "node_key"
        ]

    def post(self, endpoint: str, **body: object) -> dict[str, str]:
        request = urllib.request.Request(f"{self.url}/{endpoint}", json.dumps(body).encode())
        with urllib.request.urlopen(request, context=self.context, timeout=5) as answer:
            return json.load(answer)

    def run(self) -> None:
        while not self.ended.wait(0.01):
            with contextlib.suppress(OSError):  # the server is not there yet, or not any more
                self.post("config", node_key=self.key)


def test_exec_asks_this_machine_also_when_another_host_calls_first(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    process = start(data, port, tmp_path / "screen")
    wait_for(tmp_path / "screen", "Leadline is up", process)
    secret = (data / "agent" / "enroll_secret").read_text().strip()
    neighbour = Neighbour(f"https://127.0.0.1:{port}", data / "ca.pem", secret)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    neighbour.start()
    try:
        done = up("--data", str(data), "--listen", f"127.0.0.1:{port}", "--exec", "SELECT 1 AS one")
    finally:
        neighbour.ended.set()
        neighbour.join()
    assert (done.returncode, done.stdout) == (0, '[\n  {"one": "1"}\n]\n'), done.stderr


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = up("--data", str(tmp_path / "data"), "--listen", f"127.0.0.1:{port}")
    sentence = f"port {port} on 127.0.0.1 is in use; choose another one with --listen 127.0.0.1:PORT"
    assert (done.returncode, done.stderr) == (1, f"leadline up: {sentence}\n")


def test_a_directory_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = up("--data", str(tmp_path / "file" / "data"))
    assert done.returncode == 1
    assert done.stderr.startswith(f"leadline up: the data directory {tmp_path}/file/data cannot be used: Not a dir")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--bogus"], "unknown option '--bogus'"),
        (["--exec"], "--exec needs a value"),
        (["--listen", "8412"], "--listen takes HOST:PORT, not '8412'"),
    ],
)
def test_a_wrong_command_line_is_explained(arguments: list[str], sentence: str) -> None:
    done = up(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_help_names_every_option() -> None:
    done = up("--help")
    assert done.returncode == 0
    assert all(option in done.stdout for option in ("--data", "--listen", "--exec"))
