"""The process_envs table."""

from __future__ import annotations

from leadline.linux import proc
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import context


@table(
    "process_envs",
    Column("pid", INTEGER, "Process id.", index=True, optimized=True),
    Column("key", TEXT, "Name of the variable."),
    Column("value", TEXT, "Its value; empty when the entry has no equals sign."),
    *context.CONTEXT,
    platforms=LINUX,
    examples=["SELECT p.name, e.value FROM processes p JOIN process_envs e USING (pid) WHERE e.key = 'LD_PRELOAD'"],
    notes="From /proc/PID/environ: the environment that a process was started with, not what it set later. Other users'"
    " processes need root.",
)
def process_envs(query: Query) -> Rows:
    """Environment variables of the processes."""
    end = context.ending(query)
    for pid in proc.pids(query.root, query.equals("pid")):
        for key, value in proc.environment(query.root, pid):
            yield (pid, key, value) if end is None else (pid, key, value, *end(pid))
