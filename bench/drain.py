"""What it costs the agent to deliver a million log lines that waited: memory, speed, and what is left on the disk."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from _measure import ENVIRONMENT, HERE, Report

LINES = 1_000_000
COLUMNS = "x" * 300


def load(path: Path) -> ModuleType:
    """A module of the tests, whose folders are no packages."""
    spec = importlib.util.spec_from_file_location(f"bench_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def server(directory: Path) -> Any:
    """The tests' server, which only counts the lines that come."""
    fleet = load(HERE.parent / "tests" / "agent" / "fleet.py")

    class Counting(fleet.Fleet):  # type: ignore[misc, name-defined]
        lines = 0

        def serve(self, handler: Any) -> None:
            if handler.path != "/log":
                super().serve(handler)
                return
            content = handler.rfile.read(int(handler.headers["Content-Length"]))
            self.lines += content.count(b'"action":"added"')
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    return Counting(directory)


def fill(path: Path) -> None:
    """Put the lines into an agent's state."""
    from leadline.agent import buffer
    from leadline.agent.state import State

    path.mkdir()
    state = State(str(path / "agent.db"))
    for first in range(0, LINES, 10_000):
        lines = (
            f'{{"name":"q","hostIdentifier":"h","unixTime":{number},"columns":{{"c":"{COLUMNS}"}},"action":"added"}}'
            for number in range(first, first + 10_000)
        )
        buffer.add(state, ["tls"], "result", lines)
    state.close()


def family(pid: int) -> list[int]:
    """The agent's processes: watcher and worker."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def memory(pids: list[int]) -> tuple[float, float]:
    """Proportional set sizes together, and the peak of the largest resident one, in MiB."""
    shares = [re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE) for pid in pids]
    peaks = [re.search(r"^VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE) for pid in pids]
    return sum(int(one[1]) for one in shares if one) / 1024, max(int(one[1]) for one in peaks if one) / 1024


def main() -> int:
    """Measure and print."""
    report = Report("drain")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        fleet = server(directory)
        fill(directory / "db")
        before = (directory / "db" / "agent.db").stat().st_size
        command = [
            sys.executable, "-m", "leadline", "agent", f"--database_path={directory}/db",
            f"--logger_path={directory}/log", f"--pidfile={directory}/pid", *fleet.flags(directory),
            "--logger_backlog_rate=0", "--disable_distributed",
        ]  # fmt: skip
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
        largest = peak = wal = 0.0
        began = 0.0
        while fleet.lines < LINES:
            time.sleep(0.05)
            assert process.poll() is None
            began = began or (time.perf_counter() if fleet.lines else 0.0)
            share, peak = memory(family(process.pid))
            largest = max(largest, share)
            if began:
                wal = max(wal, (directory / "db" / "agent.db-wal").stat().st_size / (1 << 20))
        seconds = time.perf_counter() - began
        end = time.monotonic() + 20
        while (directory / "db" / "agent.db").stat().st_size > 20 << 20 and time.monotonic() < end:
            time.sleep(0.2)
        ticks = [
            int(field)
            for pid in family(process.pid)
            for field in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        ]
        left = (directory / "db" / "agent.db").stat().st_size / (1 << 20)
        process.terminate()
        process.wait()
        fleet.close()
    report.figure("largest PSS while a million lines go", largest, "MiB", 60)
    report.figure("peak resident size", peak, "MiB", 60)
    report.figure("largest write-ahead log", wal, "MiB", 12)
    report.figure("lines a second", LINES / seconds, "", 5_000, at_least=True)
    report.figure("CPU for a thousand lines, start included", sum(ticks) / 100 * 1000 / LINES * 1000, "ms", 100)
    report.figure(f"file of {before / (1 << 20):.0f} MiB, afterwards", left, "MiB", 20)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
