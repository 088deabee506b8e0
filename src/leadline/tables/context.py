"""What surrounds a process: the hidden columns that every table about processes ends in, and their values."""

from __future__ import annotations

from leadline.linux import proc
from leadline.sql.schema import LINUX, TEXT, Column

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from leadline.sql.schema import Query

    Values = tuple[str | None, str | None, str | None, str | None]

CONTAINER_ID = Column(
    "container_id", TEXT, "Id or name of the container that the process runs in.", platforms=LINUX, ours=True
)
CGROUP = Column(
    "cgroup",
    TEXT,
    "Path of the process's control group; of several hierarchies, the one that tells most.",
    platforms=LINUX,
    ours=True,
)
PARENT_NAME = Column("parent_name", TEXT, "Short name of the parent process.", platforms=LINUX, ours=True)
PARENT_CMDLINE = Column("parent_cmdline", TEXT, "Arguments of the parent process.", platforms=LINUX, ours=True)
CONTEXT = (CONTAINER_ID, CGROUP, PARENT_NAME, PARENT_CMDLINE)

_NOTHING: Values = (None, None, None, None)


def ending(query: Query) -> Callable[[int], Values] | None:
    """What the row of a process ends in, by its id; None when the statement reads none of it.

    Each process is looked up once however many rows it has.
    """
    group, name, cmdline = query.uses("container_id", "cgroup"), query.uses("parent_name"), query.uses("parent_cmdline")
    if not (group or name or cmdline):
        return None
    from leadline.linux import cgroup  # not for every look at the processes

    root = query.root
    known: dict[int, Values] = {}
    parents: dict[int, tuple[str | None, str | None]] = {}

    def parent(pid: int) -> tuple[str | None, str | None]:
        stat = proc.stat(root, pid)
        above = stat[1] if stat else 0
        if above <= 0:
            return None, None
        if above not in parents:
            status = proc.status(root, above) if name else None
            parents[above] = status and status[0], proc.cmdline(root, above) if cmdline else None
        return parents[above]

    def values(pid: int) -> Values:
        found = known.get(pid)
        if found is None:
            path, container = cgroup.of(root, pid) if group else (None, None)
            found = known[pid] = (container, path, *(parent(pid) if name or cmdline else (None, None)))
        return found

    return lambda pid: values(pid) if pid > 0 else _NOTHING
