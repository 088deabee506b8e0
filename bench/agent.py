"""The agent's schedule: what comparing large results costs, and what is left of them when it is killed.

bench/agent.py [differential | kills [NUMBER]]     only these, and so many kills (200)
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from _measure import ENVIRONMENT, HERE, Report
from drain import load

ROWS = 100_000
KILLS = 200
QUERIES = 12

COMPARE = """
import sys
from resource import RUSAGE_SELF, getrusage
from time import process_time
from leadline.agent.execute import Run, differential
from leadline.agent.packs import Scheduled
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.sql.engine import Engine

path, rows, changed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sql = f'''
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {rows})
SELECT x AS pid, 'process-' || x AS name, '/usr/lib/something/program-' || x AS path,
    '/usr/bin/program --number=' || (x * 7919) || ' --verbose' AS cmdline, x % 1000 AS uid, x % 100 AS gid,
    x * 4096 AS resident_size, x / 8.0 AS share, CASE WHEN x % 3 THEN 'S' ELSE 'R' END AS state,
    CASE WHEN x % 100 THEN 0 ELSE {changed} END AS generation
FROM n'''
flags = Flags()
state = State(path)
engine = Engine(tables={}, aliases={})


def run(name, sql, time):
    query = Scheduled(name, sql, 10, snapshot=False, removed=True, denylist=True, priority=None)
    return differential(engine, state, flags, query, Run(["filesystem"], "vm", {}, time))


run("small", "SELECT 1 AS a", 1)
began = process_time()
for row in engine.query(sql):
    pass
alone = process_time() - began
before = getrusage(RUSAGE_SELF).ru_maxrss
began = process_time()
outcome = run("large", sql, 2)
whole = process_time() - began
peak = (getrusage(RUSAGE_SELF).ru_maxrss - before) / 1024
size = state.connection.execute("SELECT sum(length(digests) + length(rows)) FROM contents").fetchone()[0]
print(whole - alone, alone, peak, outcome.lines, size / outcome.size)
state.close()
"""


def main() -> int:
    """Measure and print."""
    report = Report("agent")
    wanted = sys.argv[1] if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else ""
    if wanted != "kills":
        differential(report)
    if wanted != "differential":
        number = int(sys.argv[2]) if wanted == "kills" and len(sys.argv) > 2 else KILLS
        kills(report, number)
    return report.end()


def differential(report: Report) -> None:
    """A result of ROWS rows with ten columns: its first run, unchanged ones, and ones in which 1 % are others.

    The least of several, since others that use the processor's caches make everything longer.
    """
    with tempfile.TemporaryDirectory() as directory:
        firsts = [compare(f"{directory}/{number}", 0, ROWS) for number in range(3)]
        unchanged = [compare(f"{directory}/0", 0, 0) for _ in range(5)]
        changed = [compare(f"{directory}/0", number, ROWS // 50) for number in range(1, 6)]
    for label, found, target in (
        ("first run, all rows logged", firsts, 2.5),
        ("nothing changed", unchanged, 0.5),
        ("1 % changed", changed, 0.5),
    ):
        report.figure(f"{ROWS:,} rows, {label}: CPU", min(one.cpu for one in found), "s", target)
        report.figure("    peak of memory over the query's own", max(one.peak for one in found), "MiB", 40)
    report.figure("    what is kept, share of the rows' text", changed[-1].kept, "", 0.5)
    print(f"{'    the query itself, not counted':44} {min(one.query for one in unchanged):>9.2f} s")


class Compared(NamedTuple):
    """Seconds of CPU without and of the query, MiB, lines, and the size of what is kept as a share of the rows'."""

    cpu: float
    query: float
    peak: float
    lines: float
    kept: float


def compare(path: str, changed: int, lines: int) -> Compared:
    """One run in a process of its own."""
    command = [sys.executable, "-c", COMPARE, path, str(ROWS), str(changed)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    found = Compared(*map(float, answer.stdout.split()))
    assert found.lines == lines, f"{found.lines} lines, not {lines}"
    return found


def kills(report: Report, number: int) -> None:
    """End an agent under load by kill -9 at random moments; every change has to arrive, each told from the others.

    The rows of every query change each second, so that what one run adds the next one removes: a lost line breaks the
    chain, and a repeated one has the name, epoch and counter of the first.
    """
    chance = random.Random(20261124)
    sql = "SELECT unix_time, column1 AS n FROM time, (VALUES (1), (2), (3), (4), (5))"
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        fleet = load(HERE.parent / "tests" / "agent" / "fleet.py").Fleet(directory)
        fleet.config = {
            "schedule": {f"q{number}": {"query": sql, "interval": 1} for number in range(QUERIES)},
            "options": {"logger_tls_period": 1, "schedule_splay_percent": 101},
        }
        log = directory / "log" / "osqueryd.results.log"
        for life in range(number + 1):
            before = log.stat().st_size if log.exists() else 0
            process = start(directory, fleet)
            wait(process, lambda before=before: log.exists() and log.stat().st_size > before)
            time.sleep(chance.uniform(0.0, 1.2))
            if life < number:
                process.kill()
                process.wait()
        last = json.loads(log.read_text().splitlines()[-1])["unixTime"]
        wait(process, lambda: fleet.data("result")[-1]["unixTime"] > last)
        process.terminate()
        process.wait(30)
        written = [json.loads(line) for line in log.read_text().splitlines()]
        sent = fleet.data("result")
        fleet.close()
    for label, lines in (("file", written), ("TLS server", sent)):
        runs, repeated = chains(lines)
        report.figure(f"{number} kills, {label}: runs that are missing or torn", torn(runs), "", 0.5)
        print(f"{f'    of {sum(map(len, runs.values()))} runs; repeated, and to be told':44} {repeated:>9} lines")


def start(directory: Path, fleet: Any) -> subprocess.Popen[bytes]:
    """The agent, in one process."""
    command = [
        sys.executable, "-m", "leadline", "agent", f"--database_path={directory}/db", f"--logger_path={directory}/log",
        f"--pidfile={directory}/pid", *fleet.flags(directory), "--logger_plugin=filesystem,tls", "--disable_watchdog",
        "--disable_distributed",
    ]  # fmt: skip
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, env=ENVIRONMENT)


def wait(process: subprocess.Popen[bytes], condition: Any) -> None:
    """Until the condition is true."""
    end = time.monotonic() + 60
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)


Runs = dict[str, dict[tuple[int, int], dict[tuple[str, str], int]]]


def chains(lines: list[dict[str, Any]]) -> tuple[Runs, int]:
    """The runs of each query by (epoch, counter), with how often each line came, and how many were repeated."""
    runs: Runs = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for line in lines:
        run = runs[line["name"]][line["epoch"], line["counter"]]
        run[line["action"], json.dumps(line["columns"], sort_keys=True)] += 1
    repeated = sum(amount - 1 for chain in runs.values() for run in chain.values() for amount in run.values())
    return runs, repeated


def torn(runs: Runs) -> int:
    """How many runs are missing, or do not remove what the one before added."""
    wrong = 0
    for chain in runs.values():
        last = max(counter for _, counter in chain)
        for counter in range(last + 1):
            run, before = chain.get((0, counter), {}), chain.get((0, counter - 1), {})
            added = {row for action, row in run if action == "added"}
            removed = {row for action, row in run if action == "removed"}
            wrong += len(added) != 5 or removed != {row for action, row in before if action == "added"}
    return wrong


if __name__ == "__main__":
    sys.exit(main())
