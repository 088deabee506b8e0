"""Watcher and worker as processes: limits, signals, exit codes, deaths of either, and what they leave behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., Any]

HUNGRY = (
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 120),"
    " kept AS MATERIALIZED (SELECT group_concat(hex(zeroblob(500000))) AS text FROM n),"
    " forever(y) AS (SELECT 1 UNION ALL SELECT y + 1 FROM forever)"
    " SELECT count(*) FROM kept, forever WHERE length(text) > 0"
)
"""Takes 120 MB, keeps them, and never ends."""

BUSY = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"

WATCHED = ("--nodisable_watchdog", "--watchdog_delay=0", "--statement_memory=0", "--statement_timeout=0")
ONLY_MEMORY = ("--watchdog_latency_limit=10000",)


def configure(directory: Path, **document: Any) -> None:
    temporary = directory / "osquery.conf.new"
    temporary.write_text(json.dumps(document))
    temporary.replace(directory / "osquery.conf")


def workers(parent: int) -> list[int]:
    """The children of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def worker(running: Any) -> int:
    """The worker of a daemon, once it logs results."""
    running.until(lambda: workers(running.process.pid) and running.results())
    (found,) = workers(running.process.pid)
    return found


def holds(directory: Path, running: Any) -> bool:
    """Whether the pidfile is a daemon's."""
    path = directory / "pid"
    return path.exists() and path.read_text() == str(running.process.pid)


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_watcher_runs_the_agent_as_a_worker_of_lower_priority(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"q": {"query": "SELECT 1 AS a", "interval": 1}})
    running = daemon("--nodisable_watchdog")
    pid = worker(running)
    assert (tmp_path / "pid").read_text() == str(running.process.pid)
    assert Path(f"/proc/{running.process.pid}/comm").read_text() == "leadline-watch\n"
    assert Path(f"/proc/{pid}/comm").read_text() == "leadline-agent\n"
    assert os.getpriority(os.PRIO_PROCESS, pid) == 10
    assert os.getpriority(os.PRIO_PROCESS, running.process.pid) == os.getpriority(os.PRIO_PROCESS, 0)
    for thread in Path(f"/proc/{pid}/task").iterdir():
        shown = subprocess.run(["ionice", "-p", thread.name], capture_output=True, text=True, check=True)
        assert shown.stdout == "idle\n"
    assert running.stop() == 0
    assert not alive(pid)
    assert not (tmp_path / "pid").exists()


def test_priorities_are_those_of_the_flags(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"q": {"query": "SELECT 1 AS a", "interval": 1}})
    running = daemon("--nodisable_watchdog", "--agent_nice=3", "--agent_ionice=best-effort:7")
    pid = worker(running)
    assert os.getpriority(os.PRIO_PROCESS, pid) == 3
    shown = subprocess.run(["ionice", "-p", str(pid)], capture_output=True, text=True, check=True)
    assert shown.stdout == "best-effort: prio 7\n"
    assert running.stop(signal.SIGINT) == 0
    running = daemon("--agent_ionice=lowest")  # in one process, where nobody asked for another nice value
    running.until(lambda: "Unknown I/O priority 'lowest' (--agent_ionice)" in running.complaints())
    assert os.getpriority(os.PRIO_PROCESS, running.process.pid) == os.getpriority(os.PRIO_PROCESS, 0)
    assert running.stop() == 0


def test_a_query_that_eats_memory_ends_its_worker_and_is_named(daemon: Start, tmp_path: Path) -> None:
    configure(
        tmp_path,
        schedule={
            "fine": {"query": "SELECT unix_time FROM time", "interval": 1, "startup_priority": 1},
            "hungry": {"query": HUNGRY, "interval": 1, "startup_priority": 2},
        },
    )
    running = daemon(*WATCHED, *ONLY_MEMORY, "--watchdog_memory_limit=60")
    pid = worker(running)
    configured = rf"osqueryd worker \({pid}\) stopping: Memory limits exceeded: (\d+) bytes \(limit is 60MB\)"
    found = running.until(lambda: re.search(configured, running.complaints()))
    assert 60 << 20 < int(found[1]) < 500 << 20
    running.until(lambda: "Scheduled query may have failed: hungry" in running.complaints())
    assert not alive(pid)
    configure(tmp_path)
    (second,) = running.until(lambda: workers(running.process.pid))
    assert second != pid
    log = tmp_path / "log" / "osqueryd.INFO"  # the next worker puts what the watcher said into the agent's own log
    running.until(lambda: re.search(configured, log.read_text()))
    assert running.stop() == 0


def test_a_query_that_eats_processor_time_ends_its_worker_and_is_named(daemon: Start, tmp_path: Path) -> None:
    configure(
        tmp_path,
        schedule={
            "fine": {"query": "SELECT unix_time FROM time", "interval": 1, "startup_priority": 1},
            "busy": {"query": BUSY, "interval": 1, "startup_priority": 2},
        },
    )
    running = daemon(
        *WATCHED, "--watchdog_latency_limit=6", "--watchdog_utilization_limit=4", "--enable_watchdog_debug"
    )
    pid = worker(running)
    pattern = (
        rf"osqueryd worker \({pid}\) stopping: Maximum sustainable CPU utilization limit (\d+)ms exceeded for 6"
        r" seconds \((\d+)ms used in the last 3\.\d s, the limit is 4% of [\d.]+ cores\)"
    )
    found = running.until(lambda: re.search(pattern, running.complaints()), 30)
    assert int(found[2]) > int(found[1])
    assert re.search(rf"pid: {pid}, cpu: \d+ms/\d+ms, memory: [\d.]+MB/200MB", running.complaints())
    running.until(lambda: "Scheduled query may have failed: busy" in running.complaints())
    assert running.stop() == 0


def test_limits_do_not_apply_before_the_delay_nor_at_level_minus_one(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"hungry": {"query": HUNGRY, "interval": 1}})
    running = daemon(*WATCHED[:1], *WATCHED[2:], "--watchdog_memory_limit=20", "--enable_watchdog_debug")
    running.until(lambda: len(re.findall(r"memory: (?:[3-9]\d|\d{3})\.\d+MB/20MB", running.complaints())) >= 2)
    assert "stopping" not in running.complaints()
    assert running.stop() == 0
    running = daemon(*WATCHED, "--watchdog_level=-1", "--enable_watchdog_debug", "--logger_min_status=0")
    running.until(lambda: len(re.findall(r"memory: \d{2,}\.\d+MB/10000MB", running.complaints())) >= 2)
    assert "stopping" not in running.complaints()
    assert running.stop() == 0


def test_a_worker_that_was_killed_is_started_again_more_slowly_each_time(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"q": {"query": "SELECT unix_time FROM time", "interval": 1}})
    running = daemon("--nodisable_watchdog", "--watchdog_max_delay=1")
    pid = worker(running)
    time.sleep(4)  # a worker that ends later than this is started again at once
    os.kill(pid, signal.SIGKILL)
    (second,) = running.until(lambda: [new for new in workers(running.process.pid) if new != pid])
    assert "ended by signal 9" in running.complaints()
    assert "respawning too quickly" not in running.complaints()
    os.kill(second, signal.SIGKILL)
    running.until(lambda: "osqueryd worker respawning too quickly: 1 times; next start in 1 s" in running.complaints())
    before = len(running.results())
    running.until(lambda: len(running.results()) > before)
    assert running.stop() == 0


def test_the_watcher_gives_up_when_workers_end_at_once(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path)
    running = daemon("--nodisable_watchdog", "--watchdog_max_delay=0")
    seen: set[int] = set()
    end = time.monotonic() + 30
    while running.process.poll() is None and time.monotonic() < end:
        for pid in set(workers(running.process.pid)) - seen:
            seen.add(pid)
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    assert running.process.returncode == 1
    assert len(seen) == 5
    assert "Too many worker restarts (4); the last one: the worker was ended by signal 9" in running.complaints()
    assert not (tmp_path / "pid").exists()


def test_a_worker_ends_with_its_watcher(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"busy": {"query": BUSY, "interval": 1}, "a": {"query": "SELECT 1", "interval": 1}})
    running = daemon("--nodisable_watchdog")
    pid = worker(running)
    running.process.kill()
    running.process.wait()
    end = time.monotonic() + 10
    while alive(pid):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert "may have failed" not in running.complaints()  # it ended in order
    again = daemon("--nodisable_watchdog")  # the pidfile of the dead one is no obstacle
    again.until(lambda: holds(tmp_path, again))
    assert again.stop() == 0
    assert "may have failed" not in again.complaints()


def test_a_new_agent_waits_for_the_worker_of_a_watcher_that_was_killed(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"q": {"query": "SELECT 1 AS a", "interval": 1}})
    running = daemon("--nodisable_watchdog")
    pid = worker(running)
    os.kill(pid, signal.SIGSTOP)  # it cannot end yet
    running.process.kill()
    running.process.wait()
    again = daemon("--nodisable_watchdog")
    time.sleep(1.0)
    assert again.process.poll() is None
    assert workers(again.process.pid) == []
    os.kill(pid, signal.SIGCONT)
    again.until(lambda: workers(again.process.pid))
    assert not alive(pid)
    assert again.stop() == 0


def test_two_agents_do_not_run_at_once_unless_forced(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"q": {"query": "SELECT 1 AS a", "interval": 1}})
    first = daemon("--nodisable_watchdog")
    pid = worker(first)
    second = daemon("--nodisable_watchdog")
    assert second.process.wait(15) == 1
    assert f"osqueryd is already running as process {first.process.pid}" in first.complaints()
    third = daemon("--nodisable_watchdog", "--force")
    assert first.process.wait(20) == 0
    assert not alive(pid)
    third.until(lambda: holds(tmp_path, third))
    assert third.stop() == 0


def test_the_end_of_a_worker_that_means_it_is_that_of_the_watcher(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path)
    running = daemon("--nodisable_watchdog", "--logger_plugin=nope")
    assert running.process.wait(15) == 78
    assert running.complaints().count("Unknown logger plugin: nope") == 1
    running = daemon("--nodisable_watchdog", "--schedule_timeout=1")
    assert running.process.wait(15) == 0


def test_a_hang_up_reaches_the_worker(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"one": {"query": "SELECT 1 AS a", "interval": 1}})
    running = daemon("--nodisable_watchdog")
    pid = worker(running)
    configure(tmp_path, schedule={"two": {"query": "SELECT 2 AS a", "interval": 1}})
    running.process.send_signal(signal.SIGHUP)
    running.until(lambda: any('"name":"two"' in line for line in running.results()))
    assert workers(running.process.pid) == [pid]
    running.process.send_signal(signal.SIGUSR1)  # is for workers: a watcher is not impressed
    time.sleep(0.2)
    assert running.stop() == 0


def test_a_worker_that_does_not_end_is_killed(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"q": {"query": "SELECT 1 AS a", "interval": 1}})
    running = daemon("--nodisable_watchdog", "--alarm_timeout=10")
    pid = worker(running)
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    assert running.stop() == 78
    assert 10 < time.monotonic() - began < 16
    assert not alive(pid)
    assert f"osqueryd worker ({pid}) could not be stopped in 12 s. Sending kill signal." in running.complaints()


def test_a_worker_that_hangs_is_replaced(daemon: Start, tmp_path: Path) -> None:
    configure(tmp_path, schedule={"q": {"query": "SELECT 1 AS a", "interval": 1}})
    running = daemon(*WATCHED, *ONLY_MEMORY, "--watchdog_silence_limit=6", "--watchdog_forced_shutdown_delay=1")
    pid = worker(running)
    time.sleep(7)
    assert workers(running.process.pid) == [pid]  # it beats
    os.kill(pid, signal.SIGSTOP)
    running.until(lambda: re.search(r"No sign of life for \d+ seconds \(limit is 6\)", running.complaints()), 30)
    running.until(lambda: workers(running.process.pid) not in ([pid], []))
    assert running.stop() == 0


def test_nothing_the_worker_started_outlives_it(daemon: Start, tmp_path: Path) -> None:
    program = tmp_path / "ext" / "sleeper.ext"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec sleep 1000\n")
    program.chmod(0o755)
    (tmp_path / "load").write_text(f"{program}\n")
    configure(tmp_path, schedule={"q": {"query": "SELECT 1 AS a", "interval": 1}})
    running = daemon("--nodisable_watchdog", f"--extensions_autoload={tmp_path}/load")
    running.until(lambda: any(workers(pid) for pid in workers(running.process.pid)))
    (pid,) = workers(running.process.pid)
    (child,) = workers(pid)
    os.kill(pid, signal.SIGKILL)
    running.until(lambda: not alive(child))
    running.until(lambda: [new for new in workers(running.process.pid) if new != pid and workers(new)])
    (pid,) = workers(running.process.pid)
    (child,) = workers(pid)
    assert running.stop() == 0
    assert not alive(child)


def test_extensions_are_held_to_the_limits_when_asked(daemon: Start, tmp_path: Path) -> None:
    program = tmp_path / "ext" / "eater.ext"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport time\ntime.sleep(4)\nkept = bytearray(150 << 20)\ntime.sleep(1000)\n"
    )
    program.chmod(0o755)
    (tmp_path / "load").write_text(f"{program}\n")
    configure(tmp_path)
    running = daemon(
        *WATCHED,
        "--watchdog_memory_limit=100",
        "--enable_extensions_watchdog",
        f"--extensions_autoload={tmp_path}/load",
    )
    found = running.until(
        lambda: re.search(
            rf"osquery extension {program} \((\d+)\) stopping: Memory limits exceeded: (\d+) bytes \(limit is 100MB\)",
            running.complaints(),
        ),
        30,
    )
    running.until(lambda: not alive(int(found[1])))
    assert int(found[2]) >= 150 << 20
    running.until(
        lambda: f"The extension {program} was ended by signal 15; it is started again" in running.complaints()
    )
    assert running.stop() == 0


def test_a_program_that_others_can_write_is_not_run(daemon: Start, tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("needs root, who can give a file to another user")
    interpreter = tmp_path / "bin" / "python"
    interpreter.parent.mkdir()
    source = Path(sys.executable).resolve()
    interpreter.write_bytes(source.read_bytes())
    interpreter.chmod(0o777)
    configure(tmp_path, schedule={"q": {"query": "SELECT 1 AS a", "interval": 1}})
    command = [
        str(interpreter), "-c", f"import sys; sys.path[:] = {sys.path!r}\n"
        "from leadline.agent.watchdog import ownership; print(ownership.problem())",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONHOME": sys.base_prefix}
    library = Path(sys.base_prefix) / "lib"
    environment["LD_LIBRARY_PATH"] = str(library)
    said = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert said.stdout == f"others can write {interpreter} (mode 0777)\n"
    interpreter.chmod(0o755)
    os.chown(interpreter, 12345, 0)
    said = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert f"{interpreter} belongs to the user 12345" in said.stdout
    os.chown(interpreter, 0, 0)
    assert subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout == "\n"
