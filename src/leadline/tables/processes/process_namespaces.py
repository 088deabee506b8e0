"""The process_namespaces table."""

from __future__ import annotations

from leadline.linux import proc
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import context

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


@table(
    "process_namespaces",
    Column("pid", INTEGER, "Process id.", index=True, optimized=True),
    Column("cgroup_namespace", TEXT, "Inode number of the control group namespace."),
    Column("ipc_namespace", TEXT, "Inode number of the namespace of interprocess communication."),
    Column("mnt_namespace", TEXT, "Inode number of the mount namespace."),
    Column("net_namespace", TEXT, "Inode number of the network namespace."),
    Column("pid_namespace", TEXT, "Inode number of the namespace of process ids."),
    Column("user_namespace", TEXT, "Inode number of the user namespace."),
    Column("uts_namespace", TEXT, "Inode number of the namespace of host and domain name."),
    *context.CONTEXT,
    platforms=LINUX,
    examples=[
        "SELECT net_namespace, COUNT(*) AS processes FROM process_namespaces GROUP BY net_namespace",
        "SELECT n.pid, name FROM process_namespaces n JOIN processes USING (pid) WHERE mnt_namespace <>"
        " (SELECT mnt_namespace FROM process_namespaces WHERE pid = 1)",
    ],
    notes=(
        "From the links in /proc/PID/ns. Those of other users' processes need root and are empty otherwise, as are"
        " those that a process has given up while it ends."
    ),
)
def process_namespaces(query: Query) -> Rows:
    """Namespaces that each process is in; processes with the same number share one."""
    root = query.root
    used = [(kind, query.uses(f"{kind}_namespace")) for kind in KINDS]
    end = context.ending(query)
    for pid in proc.pids(root, query.equals("pid")):
        row = (pid, *(_inode(root, pid, kind) if wanted else None for kind, wanted in used))
        yield row if end is None else (*row, *end(pid))


def _inode(root: str, pid: int, kind: str) -> str | None:
    number = proc.namespace(root, pid, kind)
    return None if number is None else str(number)
