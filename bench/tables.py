"""Every table: rows, CPU over the shell's start and peak memory; then the figures that are promised.

    bench/tables.py [TABLE ...]     only these tables, and no other figures

Targets come from osqueryi 5.23 on a 2-core machine, start included: deb_packages (900) 25 ms, process_open_sockets
17.5, process_open_files 11.7, process_memory_map 14.7, suid_bin 173, certificates 30, python_packages 187, users joined
with their groups 12.8; and from independent programs on this machine, which may be three times as fast.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from importlib import import_module

from _measure import ENVIRONMENT, Report, once, over, run

from leadline.catalogue.index import TABLES
from leadline.sql.schema import Table

LEADLINE = os.path.join(os.path.dirname(sys.executable), "leadline")
SHELL = [LEADLINE, "shell", "--json"]
START = [*SHELL, "select 1"]

OSQUERYI = {
    "deb_packages": ("select * from deb_packages", 25),
    "process_open_sockets": ("select * from process_open_sockets", 17.5),
    "process_open_files": ("select * from process_open_files", 11.7),
    "process_memory_map": ("select * from process_memory_map", 14.7),
    "suid_bin": ("select * from suid_bin", 173),
    "certificates": ("select * from certificates", 30),
    "python_packages": ("select * from python_packages", 187),
    "users, user_groups, groups": (
        "select u.username, g.groupname from users u join user_groups ug using (uid) join groups g on g.gid = ug.gid",
        12.8,
    ),
}

ORACLES = {
    "processes": ["ps", "-eo", "pid,ppid,pgid,uid,gid,euid,egid,nlwp,nice,rss,vsz,state,lstart,comm,args"],
    "process_open_sockets": ["ss", "-anp"],
    "process_open_files": ["lsof", "-n", "-P"],
    "deb_packages": ["dpkg-query", "-W", "-f", "${Package} ${Version} ${Architecture} ${Status} ${Maintainer}\n"],
    "users": ["getent", "passwd"],
    "groups": ["getent", "group"],
    "mounts": ["findmnt", "-l", "-b", "-o", "SOURCE,TARGET,FSTYPE,SIZE,AVAIL,OPTIONS"],
    "interface_addresses": ["ip", "addr"],
    "routes": ["ip", "route", "show", "table", "all"],
    "kernel_modules": ["lsmod"],
    "system_controls": ["sysctl", "-a"],
    "block_devices": ["lsblk", "-O"],
    "shared_memory": ["ipcs", "-m"],
    "memory_info": ["free", "-b"],
}


def main() -> int:
    """Measure and print."""
    report = Report("tables")
    start = run(START, 15)
    print(f"{'shell: select 1':44} {start.cpu * 1000:>9.2f} ms {start.peak:>21.1f} MiB\n")
    measure_all(sys.argv[1:] or list(TABLES))
    if len(sys.argv) > 1:
        return 0
    print()
    every_table_in_one_run(report)
    imports(report)
    for label, (sql, target) in OSQUERYI.items():
        report.figure(f"{label}, CPU with start", run([*SHELL, sql], 7).cpu * 1000, "ms", target)
    promised(report)
    oracles(report)
    return report.end()


def statement(name: str) -> str:
    """What asks a table for everything, or its first example where a constraint is needed."""
    table = getattr(import_module(TABLES[name]), name)
    assert isinstance(table, Table)
    if any(column.required for column in table.columns):
        return str(table.examples[0])
    return f"select * from {name}"


def measure_all(names: list[str]) -> None:
    """A line a table, and the sum."""
    print(f"{'table':34} {'rows':>8} {'CPU ms':>9} {'peak MiB':>9}")
    total = 0.0
    for name in names:
        command = [*SHELL, statement(name)]
        seconds, lines = over(command, START, 3)
        total += seconds
        print(f"{name:34} {max(0, lines - 2):>8} {seconds * 1000:>9.2f} {once(command).peak:>9.1f}")
    print(f"{f'{len(names)} tables':34} {'':>8} {total * 1000:>9.2f}")


def every_table_in_one_run(report: Report) -> None:
    """All of them in one shell: statements that end with an error."""
    script = ";\n".join(statement(name).rstrip(";") for name in TABLES) + ";\n"
    done = subprocess.run(SHELL, input=script, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    errors = [line for line in done.stderr.splitlines() if "Error" in line or " failed: " in line]
    print("\n".join(errors))
    report.figure(f"{len(TABLES)} tables in one run: errors", len(errors) + (done.returncode != 0), "", 0.5)


def imports(report: Report) -> None:
    """What importing every table costs a shell that has started."""
    load = "import sys; from leadline.catalogue.index import TABLES; from leadline.sql.engine import Engine; "
    program = load + "[__import__(module) for module in TABLES.values()]"
    seconds, _ = over([sys.executable, "-c", program], [sys.executable, "-c", load], 15)
    report.figure(f"importing {len(TABLES)} tables", seconds * 1000, "ms", 12)


def promised(report: Report) -> None:
    """The other figures of the issue that brought these tables."""
    seconds, lines = over([*SHELL, "select * from deb_packages"], START, 15)
    report.figure(f"deb_packages ({lines - 2}), CPU over start", seconds * 1000, "ms", 15)
    report.figure(*sockets())
    report.figure("file, /usr/%%, rows a second of CPU", *walk(), at_least=True)
    binaries = [path for path in glob.glob("/usr/bin/*") if os.path.isfile(path)]
    sql = "select count(md5), count(sha1), count(sha256) from hash where path like '/usr/bin/%'"
    ours = run([*SHELL, "--disable_hash_cache", sql], 5)
    theirs = sum(run([tool, *binaries], 5).wall for tool in ("sha256sum", "md5sum", "sha1sum")) / (os.cpu_count() or 1)
    label = f"hash of {len(binaries)} files, share of coreutils' speed"
    report.figure(label, theirs / ours.wall, "", 0.9, at_least=True)


def sockets() -> tuple[str, float, str, float]:
    """CPU a socket, with 3,000 of them open here: a few would only show what the start of the table costs."""
    import resource
    import socket
    from contextlib import ExitStack

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(10_000, most), most))
    with ExitStack() as opened:
        listening = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=4096))
        for _ in range(1500):
            opened.enter_context(socket.create_connection(listening.getsockname()))
            opened.enter_context(listening.accept()[0])
        seconds, lines = over([*SHELL, "select * from process_open_sockets"], START, 9)
    return f"process_open_sockets ({lines - 2}), CPU a socket", seconds / (lines - 2) * 1e6, "µs", 30


def walk() -> tuple[float, str, float]:
    """Files a second of CPU with every column, before printing; prints what scandir and lstat alone reach."""
    program = """
import os, sys
from time import process_time
from leadline.catalogue.index import TABLES
from leadline.sql.engine import Engine
with Engine(tables=TABLES) as engine:
    started = process_time()
    rows = sum(1 for _ in engine.query("select * from file where path like '/usr/%%'"))
    ours = rows / (process_time() - started)
started, rows, folders = process_time(), 0, ["/usr"]
while folders:
    with os.scandir(folders.pop()) as found:
        for entry in found:
            rows += 1
            entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
print(ours, rows / (process_time() - started))
"""
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=ENVIRONMENT
    )
    ours, floor = map(float, answer.stdout.split())
    print(f"{'os.scandir and lstat alone, a second':44} {floor:>9.0f}")
    return ours, "", 180_000


def oracles(report: Report) -> None:
    """Ours against a program that reads the same, each over its own start."""
    for name, command in ORACLES.items():
        if shutil.which(command[0]) is None:
            print(f"{name}: no {command[0]} here")
            continue
        ours, _ = over([*SHELL, f"select * from {name}"], START, 9)
        theirs, _ = over(command, ["true"], 9)
        report.figure(f"{name}, CPU against {command[0]}", ours * 1000, "ms", theirs * 3000)


if __name__ == "__main__":
    sys.exit(main())
