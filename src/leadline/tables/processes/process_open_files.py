"""The process_open_files table."""

from __future__ import annotations

from leadline.linux import proc
from leadline.linux.text import clean
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import context

NO_FILES = ("socket:", "anon_inode:", "pipe:")


@table(
    "process_open_files",
    Column("pid", BIGINT, "Process id.", index=True),
    Column("fd", BIGINT, "Number of the descriptor in the process."),
    Column("path", TEXT, "Path of the file; ' (deleted)' follows when it is no longer there."),
    *context.CONTEXT,
    platforms=LINUX,
    examples=[
        "SELECT name, f.path FROM process_open_files f JOIN processes USING (pid) WHERE f.path LIKE '%(deleted)'"
    ],
    notes=(
        "From the links in /proc/PID/fd, without sockets, pipes and anonymous inodes. Other users' processes need root."
    ),
)
def process_open_files(query: Query) -> Rows:
    """Files, directories and devices that the processes hold open."""
    end = context.ending(query)
    for pid in proc.pids(query.root, query.equals("pid")):
        for number, target in proc.descriptors(query.root, pid):
            if not target.startswith(NO_FILES):
                row = (pid, number, clean(target))
                yield row if end is None else (*row, *end(pid))
