"""Whole `leadline shell` commands: CPU, wall time and peak memory, start-up included.

Targets come from osqueryi 5.23 built from source on a 2-core machine: `select 1` 12.3 ms and 21.8 MiB, 80 processes
16.5 ms, `file` below /usr/lib 10.7 µs a file and 202 MiB, hashing 1,151 files 1,630 ms, the self-join of 906
deb_packages 5,680 ms.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from _measure import Report, once, run

LEADLINE = os.path.join(os.path.dirname(sys.executable), "leadline")
SHELL = [LEADLINE, "shell", "--json"]
OSQUERYI_HASH_PER_FILE = 1.630 / 1151


def count(sql: str) -> int:
    """The one number that a statement answers."""
    answer = subprocess.run([*SHELL, sql], capture_output=True, text=True, check=True)
    (row,) = json.loads(answer.stdout)
    return int(next(iter(row.values())))


def main() -> int:
    """Measure and print."""
    report = Report("shell")
    bare = run([sys.executable, "-c", "pass"], 21)
    print(f"{'bare interpreter':44} {bare.cpu * 1000:>9.2f} ms {bare.peak:>21.1f} MiB")
    one = run([*SHELL, "select 1"], 21)
    report.figure("select 1, CPU", one.cpu * 1000, "ms", 15)
    report.figure("select 1, peak memory", one.peak, "MB", 18)

    processes = count("select count(*) from processes")
    every = run([*SHELL, "select * from processes"], 15)
    report.figure(f"select * from processes ({processes}), CPU", every.cpu * 1000, "ms", 22 * max(1, processes / 80))

    binaries = count("select count(*) from hash where path like '/usr/bin/%'")
    hashed = run([*SHELL, "select path, sha256 from hash where path like '/usr/bin/%'"], 5)
    report.figure(
        f"sha256 of /usr/bin ({binaries}), wall", hashed.wall * 1000, "ms", 600 * OSQUERYI_HASH_PER_FILE * binaries
    )

    packages = count("select count(*) from deb_packages")
    joined = run([*SHELL, "select count(*) from deb_packages a join deb_packages b on a.name = b.name"], 9)
    report.figure(f"deb_packages ({packages}) joined by name, CPU", joined.cpu * 1000, "ms", 100)

    files = count("select count(*) from file where path like '/usr/%%'")
    for columns in ("path", "path, size, mtime"):
        sql = f"select {columns} from file where path like '/usr/%%'"
        walked = once([*SHELL, sql])
        label = f"{columns} from file, /usr/%% ({files})"
        report.figure(f"{label}, CPU", (walked.cpu - one.cpu) / files * 1e6, "µs", 7)
        report.figure(f"{label}, peak", walked.peak, "MB", 40)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
