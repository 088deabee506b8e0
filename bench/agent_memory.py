"""Memory and processor time of watcher and worker: idle, and with a usual schedule, over a minute each.

    bench/agent_memory.py [soak [MINUTES]]     one line a minute (30) of what must not grow

PSS is what the kernel says: a page that several processes share counts in parts, so other Python programs on the
machine make it smaller. "alone" counts every page of a file once for the pair, as if nobody else used it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _measure import Report

SECONDS = int(os.environ.get("SECONDS", "60"))

SCHEDULE = {
    **{
        name: {"query": f"SELECT * FROM {name}", "interval": 10}
        for name in ("processes", "listening_ports", "process_open_sockets")
    },
    **{name: {"query": f"SELECT * FROM {name}", "interval": 60} for name in ("users", "deb_packages")},
}


def figures(pids: list[int]) -> tuple[int, int]:
    """KiB of the processes together: PSS, and with files counted once for them."""
    pss = anonymous = 0
    files: dict[tuple[str, str], int] = {}
    for pid in pids:
        key, rss = None, 0
        for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
            fields = line.split()
            if not fields[0].endswith(":"):
                key = (fields[5], fields[2]) if len(fields) > 5 and fields[5].startswith("/") else None
            elif fields[0] == "Rss:":
                rss = int(fields[1])
            elif fields[0] == "Pss:":
                pss += int(fields[1])
            elif fields[0] == "Anonymous:":
                anonymous += int(fields[1])
                if key:
                    files[key] = max(files.get(key, 0), rss - int(fields[1]))
    return pss, anonymous + sum(files.values())


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu(pids: list[int]) -> float:
    """Seconds of processor time so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def agent(schedule: dict[str, object]) -> Iterator[list[int]]:
    """An agent with a schedule that has run for five seconds: the process ids of watcher and worker."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "conf").write_text(json.dumps({"schedule": schedule}))
        with open(os.devnull, "wb") as null:
            process = subprocess.Popen(
                [
                    sys.executable, "-P", "-m", "leadline", "agent", f"--database_path={directory}/db",
                    f"--logger_path={directory}/log", f"--pidfile={directory}/pid", f"--config_path={directory}/conf",
                    f"--extensions_socket={directory}/em", "--extensions_autoload=",
                ],
                stdout=null, stderr=null,
            )  # fmt: skip
        try:
            time.sleep(5)
            yield [process.pid, *children(process.pid)]
        finally:
            process.terminate()
            process.wait(30)


def measure(report: Report, name: str, schedule: dict[str, object], most: float) -> None:
    """Run the agent with a schedule for SECONDS and print what it used."""
    with agent(schedule) as pids:
        before, end, peak, alone = cpu(pids), time.monotonic() + SECONDS, 0, 0
        while time.monotonic() < end:
            pss, whole = figures(pids)
            peak, alone = max(peak, pss), max(alone, whole)
            time.sleep(0.5)
        used = (cpu(pids) - before) * 60 / SECONDS
        print(f"{name}: {alone / 1024:.1f} MiB alone at most, {used:.2f} s CPU a minute")
        report.figure(f"{name}: PSS of watcher and worker at most", peak / 1024, "MB", most)


def soak(minutes: int) -> None:
    """Print memory, descriptors and processor time once a minute: none may grow."""
    with agent(SCHEDULE) as pids:
        print(f"{'minute':>6} {'PSS MiB':>8} {'descriptors':>12} {'CPU s':>7}")
        for minute in range(minutes + 1):
            descriptors = sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)
            print(f"{minute:>6} {figures(pids)[0] / 1024:>8.1f} {descriptors:>12} {cpu(pids):>7.2f}", flush=True)
            time.sleep(60 if minute < minutes else 0)


def main() -> int:
    """Both runs, or a soak."""
    if sys.argv[1:2] == ["soak"]:
        soak(int(sys.argv[2]) if len(sys.argv) > 2 else 30)
        return 0
    report = Report("agent_memory")
    measure(report, "idle", {}, 38)
    measure(report, "schedule", SCHEDULE, 55)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
