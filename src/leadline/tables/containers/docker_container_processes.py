"""The docker_container_processes table."""

from __future__ import annotations

from leadline.linux import kernel
from leadline.sql.schema import BIGINT, DOUBLE, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker
from leadline.tables.containers.values import entries, number, real, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Value

# The last one takes what is left of a line of ps(1), which the daemon splits at spaces.
PS = (
    "pid", "state", "uid", "gid", "euid", "egid", "suid", "sgid", "rss", "vsz", "etime", "ppid", "pgrp", "nlwp",
    "nice", "user", "time", "pcpu", "pmem", "comm", "cmd",
)  # fmt: skip
_MOST = 1 << 50  # no process has more kilobytes


@table(
    "docker_container_processes",
    Column("id", TEXT, "Identifier of the container, or its name.", required=True, index=True, collate="nocase"),
    Column("pid", BIGINT, "Process id, as the machine counts.", index=True),
    Column("name", TEXT, "Name of the program, at most 15 bytes of it."),
    Column("cmdline", TEXT, "Command line."),
    Column("state", TEXT, "State of the process, one letter."),
    Column("uid", BIGINT, "Real user id, as the machine counts."),
    Column("gid", BIGINT, "Real group id."),
    Column("euid", BIGINT, "Effective user id."),
    Column("egid", BIGINT, "Effective group id."),
    Column("suid", BIGINT, "Saved user id."),
    Column("sgid", BIGINT, "Saved group id."),
    Column("wired_size", BIGINT, "Memory in bytes that is never swapped out; always NULL."),
    Column("resident_size", BIGINT, "Memory that is not swapped out: ps's KiB times 1000, as in osquery."),
    Column("total_size", BIGINT, "Virtual memory: ps's KiB times 1000, as in osquery."),
    Column("start_time", BIGINT, "Time the process started, in seconds since the machine did."),
    Column("parent", BIGINT, "Process id of the parent."),
    Column("pgroup", BIGINT, "Process group."),
    Column("threads", INTEGER, "Number of threads."),
    Column("nice", INTEGER, "Niceness, from -20 to 19."),
    Column("user", TEXT, "Name of the effective user, as the machine knows it."),
    Column("time", TEXT, "Processor time used, as `[DD-]HH:MM:SS`."),
    Column("cpu", DOUBLE, "Share of a processor's time since the start, in percent."),
    Column("mem", DOUBLE, "Share of physical memory, in percent."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=[
        "SELECT p.pid, p.cmdline FROM docker_containers AS c JOIN docker_container_processes AS p ON p.id = c.id"
    ],
    notes=(
        "The daemon runs ps(1) on the machine, so numbers and names are the machine's; one request for each id. A"
        " program's name with a space in it spills into cmdline."
    ),
)
def docker_container_processes(query: Query) -> Rows:
    """Processes that run in a Docker container."""
    uptime = kernel.uptime("")
    source = docker.daemon(query)
    for identifier in docker.wanted(query) or ():
        document = source.get(docker.part("/containers", identifier, "/top?ps_args=axwwo%20" + ",".join(PS)))
        for process in entries(document, "Processes"):
            if isinstance(process, list) and len(process) == len(PS):
                yield (identifier, *_row(dict(zip(PS, process, strict=True)), uptime))


def _row(process: dict[str, object], uptime: int | None) -> tuple[Value, ...]:
    elapsed = _seconds(text(process, "etime") or "")
    return (
        number(process, "pid"),
        text(process, "comm"),
        text(process, "cmd"),
        text(process, "state"),
        *(number(process, key) for key in ("uid", "gid", "euid", "egid", "suid", "sgid")),
        None,
        _bytes(process, "rss"),
        _bytes(process, "vsz"),
        None if uptime is None or elapsed is None else max(uptime - elapsed, 0),
        *(number(process, key) for key in ("ppid", "pgrp", "nlwp", "nice")),
        text(process, "user"),
        text(process, "time"),
        real(process, "pcpu"),
        real(process, "pmem"),
    )


def _bytes(process: dict[str, object], key: str) -> int | None:
    """A size as osquery gives it: ps(1) counts in units of 1024 bytes, and osquery takes them for 1000."""
    size = number(process, key)
    return None if size is None or size > _MOST else size * 1000


def _seconds(elapsed: str) -> int | None:
    """The seconds of ``[[DD-]hh:]mm:ss``, as ps(1) writes the time since a process started."""
    days, dash, clock = elapsed.rpartition("-")
    fields = [days if dash else "0", *clock.split(":")]
    if not all(field.isascii() and field.isdigit() and len(field) < 9 for field in fields) or len(fields) > 4:
        return None
    hours, minutes, seconds = [0] * (4 - len(fields)) + [int(field) for field in fields[1:]]
    return ((int(fields[0]) * 24 + hours) * 60 + minutes) * 60 + seconds
