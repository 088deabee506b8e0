"""The agent's process: figures, memory given back, flags without meaning, the state on paper, what systemd is told."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leadline.agent.notify import Notifier
from leadline.agent.trimming import threshold
from leadline.flags import Flags

Start = Callable[..., Any]


def configure(directory: Path, **document: Any) -> None:
    temporary = directory / "osquery.conf.new"
    temporary.write_text(json.dumps(document))
    temporary.replace(directory / "osquery.conf")


class Manager:
    """The socket that systemd listens on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(20)

    def until(self, wanted: str) -> list[str]:
        """Every message up to one that has a line."""
        found = []
        while not found or wanted not in found[-1].split("\n"):
            found.append(self.socket.recv(4096).decode())
        return found


def test_systemd_is_told_how_the_service_does(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"q": {"query": "SELECT 1 AS a", "interval": 1}})
    for flag in ("--nodisable_watchdog", "--disable_watchdog"):
        manager = Manager(tmp_path / f"notify{flag}")
        running = daemon(flag, environment={"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "1000000"})
        ready = manager.until("READY=1")[-1]
        assert f"MAINPID={running.process.pid}" in ready.split("\n")
        assert (tmp_path / "pid").read_text() == str(running.process.pid)
        began = time.monotonic()
        for _ in range(3):
            manager.until("WATCHDOG=1")
        assert time.monotonic() - began < 10
        running.process.send_signal(signal.SIGHUP)
        reloading = next(message for message in manager.until("READY=1") if "RELOADING=1" in message)
        usec = int(re.search(r"MONOTONIC_USEC=(\d+)", reloading)[1])  # type: ignore[index]
        assert 0 <= time.clock_gettime(time.CLOCK_MONOTONIC) - usec / 1e6 < 20
        running.process.send_signal(signal.SIGTERM)
        manager.until("STOPPING=1")
        assert running.process.wait(15) == 0
        manager.socket.close()


def test_nothing_is_sent_without_a_service_manager_and_abstract_sockets_are_known() -> None:
    Notifier({}).send("READY=1")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(f"\0leadline-test-{os.getpid()}")
    environment = {"NOTIFY_SOCKET": f"@leadline-test-{os.getpid()}", "WATCHDOG_USEC": "8000000", "WATCHDOG_PID": "1"}
    notifier = Notifier(environment)
    assert environment == {}
    assert notifier.interval == 0  # it is another process that is waited for
    notifier.send("A=1", "B=2")
    assert listening.recv(100) == b"A=1\nB=2"
    listening.close()
    notifier.send("A=1")  # nobody listens any more
    assert Notifier({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "8000000"}).interval == 4.0


def test_flags_without_a_meaning_are_told_once_with_the_reason(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, options={"experiment_list": "fast"}, schedule={"q": {"query": "SELECT 1 AS a", "interval": 1}})
    running = daemon("--rocksdb_write_buffer=32")
    running.until(running.results)
    assert running.stop() == 0
    told = [line.partition("] ")[2] for line in running.complaints().splitlines() if "has no effect" in line]
    assert told == [
        "The flag --experiment_list (config) has no effect: there are no experiments in this program",
        "The flag --rocksdb_write_buffer (command line) has no effect:"
        " the agent's state is an SQLite file, which needs no tuning",
    ]


def test_osquery_flags_tells_where_values_come_from(daemon: Start, tmp_path: Path) -> None:
    (tmp_path / "flags").write_text("--host_identifier=uuid\n")
    names = "'host_identifier', 'logger_plugin', 'schedule_max_drift', 'verbose', 'table_delay', 'custom_site'"
    sql = f"SELECT name, origin FROM osquery_flags WHERE name IN ({names})"
    configure(
        tmp_path,
        options={"schedule_max_drift": 50, "custom_site": "harbour"},
        schedule={"q": {"query": sql, "interval": 1}},
    )
    running = daemon(f"--flagfile={tmp_path}/flags", "--logger_plugin=filesystem", "--tryfromenv=table_delay",
                     environment={"FLAGS_table_delay": "0"})  # fmt: skip
    running.until(lambda: len(running.results()) >= 6)
    assert running.stop() == 0
    rows = [json.loads(line)["columns"] for line in running.results()]
    assert {row["name"]: row["origin"] for row in rows} == {
        "host_identifier": f"flag file {tmp_path}/flags",
        "logger_plugin": "command line",
        "schedule_max_drift": "config",
        "verbose": "default",
        "table_delay": "environment FLAGS_table_delay",
        "custom_site": "config",
    }


def test_the_agent_writes_figures_of_itself(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"q": {"query": "SELECT unix_time FROM time", "interval": 1}})
    figures = tmp_path / "figures"
    running = daemon(
        "--enable_numeric_monitoring", "--numeric_monitoring_pre_aggregation_time=1",
        f"--numeric_monitoring_filesystem_path={figures}",
    )  # fmt: skip
    running.until(lambda: figures.exists() and figures.read_text().count("scheduler.query.q.executions") >= 3)
    assert running.stop() == 0
    lines = [line.split("\t") for line in figures.read_text().splitlines()]
    assert all(len(line) == 3 and int(line[1]) >= 0 and abs(int(line[2]) - time.time()) < 60 for line in lines)
    assert 10 << 20 < int(next(line[1] for line in lines if line[0] == "agent.rss.bytes")) < 200 << 20
    runs = [int(line[1]) for line in lines if line[0] == "scheduler.query.q.executions"]
    assert len(runs) >= 3
    assert all(1 <= count <= 3 for count in runs)  # since the last round, not since the start
    assert any(line[0] == "scheduler.query.q.output.bytes" and int(line[1]) > 15 for line in lines)


def test_a_figures_file_that_cannot_be_written_is_told_once(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"q": {"query": "SELECT unix_time FROM time", "interval": 1}})
    running = daemon(
        "--enable_numeric_monitoring", "--numeric_monitoring_pre_aggregation_time=1",
        f"--numeric_monitoring_filesystem_path={tmp_path}/nowhere/figures",
    )  # fmt: skip
    running.until(lambda: len(running.results()) >= 8)
    assert running.stop() == 0
    assert running.complaints().count("Numeric monitoring failed") == 1


def test_the_threshold_of_giving_memory_back_follows_the_watchdogs_limit() -> None:
    flags = Flags()
    assert threshold(flags) == (200 << 20) * 8 // 10
    flags.set("watchdog_memory_limit", "1000", "command line")
    assert threshold(flags) == (1000 << 20) * 8 // 10
    flags.set("disable_watchdog", "true", "command line")
    assert threshold(flags) == 200 << 20
    flags.set("malloc_trim_threshold", "0", "config")
    assert threshold(flags) == 0


def test_memory_that_the_c_library_kept_is_given_back() -> None:
    program = """
import ctypes
from leadline.agent.trimming import Trimmer, resident
from leadline.flags import Flags
library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
flags = Flags()
flags.set("malloc_trim_threshold", "40", "config")
trimmer = Trimmer(flags)
before = trimmer.look()
blocks = [library.malloc(4000) for _ in range(20000)]
for block in blocks:
    ctypes.memset(block, 1, 4000)
for block in blocks[:-1]:  # the last one keeps the heap from shrinking by itself
    library.free(block)
full = resident()
freed = trimmer.look()
print(before, freed > 50 << 20, resident() < full - (50 << 20), trimmer.look())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "0 True True 0\n"


def test_the_state_can_be_printed(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"q": {"query": "SELECT 1 AS a, 'x' AS b", "interval": 1}})
    running = daemon()
    running.until(running.results)
    assert running.stop() == 0
    command = [sys.executable, "-m", "leadline", "agent", "--database_dump", "--database_path"]
    printed = subprocess.run([*command, f"{tmp_path}/db"], capture_output=True, text=True, check=True).stdout
    lines = dict(line.split(": ", 1) for line in printed.splitlines())
    assert lines["queries[query.q]"] == "SELECT 1 AS a, 'x' AS b"
    assert lines["queries[qcounter]"] == lines["queries[qepoch]"] == "0"
    assert json.loads(lines["queries[q]"]) == [{"a": 1, "b": "x"}]
    assert re.fullmatch(r"1:\d+", lines["configurations[interval.q]"])
    missing = subprocess.run([*command, f"{tmp_path}/none"], capture_output=True, text=True, check=False)
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr == f"There is no database in {tmp_path}/none (--database_path)\n"
    assert not (tmp_path / "none").exists()
