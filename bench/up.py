"""How long from an enrolled host to the first row of `leadline up --exec`: through agent, server and API."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from _measure import ENVIRONMENT, Report

COMMAND = [sys.executable, "-m", "leadline", "up", "--exec", "SELECT pid, name FROM processes LIMIT 1"]


def once() -> tuple[float, float]:
    """Seconds of the whole command up to its first output, and from 'Asking' (the host has enrolled) to there."""
    started = time.perf_counter()
    with subprocess.Popen(
        COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Asking"):
                break
        enrolled = time.perf_counter()
        process.stdout.readline()
        first = time.perf_counter()
        process.stdout.read()
    if process.returncode:
        sys.exit(f"leadline up ended with exit code {process.returncode}")
    return first - started, first - enrolled


def main() -> int:
    """Measure and print."""
    report = Report("up")
    runs = [once() for _ in range(5)]
    report.figure("first row after the host has enrolled", statistics.median(run[1] for run in runs), "s", 1)
    report.figure("first row after the command, first start", statistics.median(run[0] for run in runs), "s", 10)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
