"""What the benchmarks share: run a command several times, take medians, print them against a reference."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
RUNS = 9
# As installed: with compiled modules, whatever the environment says of writing them
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Run(NamedTuple):
    """Medians of one command: seconds of CPU and wall, peak resident MiB, lines on stdout."""

    cpu: float
    wall: float
    peak: float
    lines: int


def run(command: list[str], runs: int = RUNS) -> Run:
    """Medians over several runs after one that is not counted."""
    return Run(*(statistics.median(values) for values in zip(*(once(command) for _ in range(runs + 1)), strict=True)))


def over(command: list[str], start: list[str], runs: int = RUNS) -> tuple[float, int]:
    """Seconds of CPU that a command takes over another one, the median of pairs, and its lines on stdout.

    The two run in turn: a machine that slows down for a while slows both.
    """
    once(command)
    pairs = [(once(command), once(start)) for _ in range(runs)]
    return statistics.median(one.cpu - other.cpu for one, other in pairs), pairs[0][0].lines


def once(command: list[str]) -> Run:
    """One run, accounted by the kernel."""
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    assert child.stdout is not None
    lines = sum(chunk.count(b"\n") for chunk in iter(lambda: child.stdout.read(1 << 20), b""))
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)} ended with exit code {child.returncode}")
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, lines)


class Report:
    """Prints figures against their targets and, with --keep, adds them to history.jsonl."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.figures: dict[str, float] = {}
        self.missed = 0
        subprocess.run([sys.executable, "-m", "compileall", "-q", HERE.parent / "src"], check=True)
        print(f"{'':44} {'measured':>12} {'target':>12} {'ratio':>7}")

    def figure(self, label: str, value: float, unit: str, target: float, *, at_least: bool = False) -> None:
        """One line; the ratio is measured to target, so that below 1 is good (above 1 with ``at_least``)."""
        good = value >= target if at_least else value <= target
        self.missed += not good
        self.figures[label] = round(value, 4)
        sign = "≥" if at_least else "≤"
        print(
            f"{label:44} {value:>9.2f} {unit:2} {sign}{target:>8.2f} {unit:2} {value / target:>7.2f}"
            f"{'' if good else '  missed'}"
        )

    def end(self) -> int:
        """Keep the figures when asked to; the exit code is 0 also for missed targets: machines differ."""
        if "--keep" in sys.argv:
            commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
            line = {"at": time.strftime("%Y-%m-%d"), "commit": commit.stdout.strip(), "bench": self.name}
            with (HERE / "history.jsonl").open("a") as history:
                history.write(json.dumps(line | {"figures": self.figures}) + "\n")
        return 0
