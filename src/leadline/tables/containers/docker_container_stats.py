"""The docker_container_stats table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker
from leadline.tables.containers.values import at, entries, moment, nanoseconds, number, pairs, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadline.sql.schema import Value

BEFORE = (
    "preread", "interval", "pre_cpu_total_usage", "pre_cpu_kernelmode_usage", "pre_cpu_usermode_usage",
    "pre_system_cpu_usage", "pre_online_cpus",
)  # fmt: skip


@table(
    "docker_container_stats",
    Column("id", TEXT, "Identifier of the container, or its name.", required=True, index=True, collate="nocase"),
    Column("name", TEXT, "Name of the container, with the slash in front that Docker gives it.", index=True),
    Column("pids", INTEGER, "Number of processes and threads."),
    Column("read", BIGINT, "Time of this reading, in seconds since 1970."),
    Column("preread", BIGINT, "Time of the reading before, in seconds since 1970."),
    Column("interval", BIGINT, "Nanoseconds between the two readings."),
    Column("disk_read", BIGINT, "Bytes read from block devices."),
    Column("disk_write", BIGINT, "Bytes written to block devices."),
    Column("num_procs", INTEGER, "Number of processors on Windows; 0 on Linux."),
    Column("cpu_total_usage", BIGINT, "Processor time used, in nanoseconds."),
    Column("cpu_kernelmode_usage", BIGINT, "Processor time used in the kernel, in nanoseconds."),
    Column("cpu_usermode_usage", BIGINT, "Processor time used outside of the kernel, in nanoseconds."),
    Column("system_cpu_usage", BIGINT, "Processor time that the whole machine used, in nanoseconds."),
    Column("online_cpus", INTEGER, "Number of processors."),
    Column("pre_cpu_total_usage", BIGINT, "cpu_total_usage at the reading before."),
    Column("pre_cpu_kernelmode_usage", BIGINT, "cpu_kernelmode_usage at the reading before."),
    Column("pre_cpu_usermode_usage", BIGINT, "cpu_usermode_usage at the reading before."),
    Column("pre_system_cpu_usage", BIGINT, "system_cpu_usage at the reading before."),
    Column("pre_online_cpus", INTEGER, "online_cpus at the reading before."),
    Column("memory_usage", BIGINT, "Memory used, in bytes, the page cache among it."),
    Column("memory_cached", BIGINT, "Page cache, in bytes."),
    Column("memory_inactive_file", BIGINT, "Page cache that was not used lately, in bytes."),
    Column("memory_total_inactive_file", BIGINT, "The same with the control groups below."),
    Column("memory_max_usage", BIGINT, "Most memory used so far, in bytes; cgroup version 2 does not say."),
    Column("memory_limit", BIGINT, "Memory that may be used, in bytes."),
    Column("network_rx_bytes", BIGINT, "Bytes received on all interfaces."),
    Column("network_tx_bytes", BIGINT, "Bytes sent on all interfaces."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT c.name, s.pids FROM docker_containers AS c JOIN docker_container_stats AS s ON s.id = c.id"],
    notes=(
        "One request for each id. The daemon answers after two readings a second apart, or at once when no column of"
        " the reading before is asked for. Of a container that does not run most columns are NULL; one without"
        " networks of its own has 0 bytes there."
    ),
)
def docker_container_stats(query: Query) -> Rows:
    """Use of processors, memory, disks and networks by a Docker container."""
    # Daemons from API 1.41 on answer with a single reading at once when nobody asks for the one before.
    what = "/stats?stream=false" if query.uses(*BEFORE) else "/stats?stream=false&one-shot=true"
    source = docker.daemon(query)
    for identifier in docker.wanted(query) or ():
        document = source.get(docker.part("/containers", identifier, what))
        if isinstance(document, dict):
            yield (identifier, *_row(document))


def _row(document: object) -> tuple[Value, ...]:
    read, before = nanoseconds(document, "read"), nanoseconds(document, "preread")
    return (
        text(document, "name"),
        number(document, "pids_stats", "current"),
        moment(document, "read"),
        moment(document, "preread"),
        None if read is None or before is None else read - before,
        _transferred(document, "read"),
        _transferred(document, "write"),
        number(document, "num_procs"),
        *_processors(document, "cpu_stats"),
        *_processors(document, "precpu_stats"),
        *_memory(at(document, "memory_stats")),
        _network(document, "rx_bytes"),
        _network(document, "tx_bytes"),
    )


def _processors(document: object, key: str) -> tuple[Value, ...]:
    used = at(document, key, "cpu_usage")
    return (
        number(used, "total_usage"),
        number(used, "usage_in_kernelmode"),
        number(used, "usage_in_usermode"),
        number(document, key, "system_cpu_usage"),
        number(document, key, "online_cpus"),
    )


def _memory(memory: object) -> tuple[Value, ...]:
    """The counters of cgroup version 1; version 2 has other names for some, and counts the groups below always."""
    cached, total = number(memory, "stats", "cache"), number(memory, "stats", "total_inactive_file")
    return (
        number(memory, "usage"),
        number(memory, "stats", "file") if cached is None else cached,
        number(memory, "stats", "inactive_file"),
        number(memory, "stats", "inactive_file") if total is None else total,
        number(memory, "max_usage"),
        number(memory, "limit"),
    )


def _transferred(document: object, operation: str) -> int | None:
    """Bytes of one kind of operation on all block devices; cgroup version 1 writes `Read`, version 2 `read`."""
    if at(document, "blkio_stats") is None:
        return None
    counters = entries(document, "blkio_stats", "io_service_bytes_recursive")
    return _sum(number(one, "value") for one in counters if (text(one, "op") or "").lower() == operation)


def _network(document: object, key: str) -> int:
    return _sum(number(counters, key) for _, counters in pairs(document, "networks"))


def _sum(counters: Iterable[int | None]) -> int:
    """A sum that stays in 64 bits."""
    return min(sum(one for one in counters if one is not None and one > 0), (1 << 63) - 1)
