"""The process_ancestry table."""

from __future__ import annotations

from leadline.linux import cgroup, proc
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Value


@table(
    "process_ancestry",
    Column("pid", BIGINT, "Process id whose ancestors the rows are.", index=True, optimized=True),
    Column("level", INTEGER, "How far above: 1 is the parent, 2 the parent's parent."),
    Column("ancestor_pid", BIGINT, "Process id of the ancestor."),
    Column("name", TEXT, "Short name of the ancestor."),
    Column("path", TEXT, "Path of the ancestor's program."),
    Column("cmdline", TEXT, "Arguments of the ancestor, separated by spaces."),
    Column("uid", BIGINT, "Real user id of the ancestor."),
    Column("start_time", BIGINT, "Start of the ancestor in seconds since 1970, -1 when it is not known."),
    Column("container_id", TEXT, "Id or name of the container that the ancestor runs in."),
    platforms=LINUX,
    ours=True,
    examples=[
        "SELECT level, ancestor_pid, name, cmdline FROM process_ancestry"
        " WHERE pid IN (SELECT pid FROM processes WHERE name = 'bash') ORDER BY pid, level",
        "SELECT DISTINCT p.pid, p.name FROM process_ancestry a JOIN processes p USING (pid) WHERE a.name = 'sshd'",
    ],
    notes="From /proc. A process whose parent ended belongs to the one that adopted it, so a line may be shorter"
    " than what really started it; without a constraint on pid the ancestors of every process are listed.",
)
def process_ancestry(query: Query) -> Rows:
    """Parent, parent's parent and so on of processes: one row for each ancestor."""
    root = query.root
    status, path, cmdline = query.uses("name", "uid"), query.uses("path"), query.uses("cmdline")
    start, group = query.uses("start_time"), query.uses("container_id")
    hertz = proc.ticks_per_second()
    boot = proc.boot_time(root) if start else None
    parents: dict[int, tuple[int, int] | None] = {}  # parent, start in ticks
    known: dict[int, tuple[Value, ...]] = {}

    def look(pid: int) -> tuple[int, int] | None:
        if pid not in parents:
            found = proc.stat(root, pid)
            parents[pid] = (found[1], found[7]) if found else None
        return parents[pid]

    def told(pid: int, ticks: int) -> tuple[Value, ...]:
        if pid not in known:
            state = proc.status(root, pid) if status else None
            known[pid] = (
                state[0] if state else None,
                proc.executable(root, pid)[0] if path else None,
                proc.cmdline(root, pid) if cmdline else None,
                state[1] if state else None,
                -1 if boot is None else boot + ticks // hertz,
                cgroup.of(root, pid)[1] if group else None,
            )
        return known[pid]

    for pid in proc.pids(root, query.equals("pid")):
        seen = {pid}  # an image may hold anything, also processes that are each other's parents
        one = look(pid)
        while one is not None and one[0] > 0 and one[0] not in seen:
            above = one[0]
            one = look(above)
            if one is None:
                break
            yield pid, len(seen), above, *told(above, one[1])
            seen.add(above)
