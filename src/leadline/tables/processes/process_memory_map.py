"""The process_memory_map table."""

from __future__ import annotations

from leadline.linux import proc
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import context


@table(
    "process_memory_map",
    Column("pid", INTEGER, "Process id.", index=True, optimized=True),
    Column("start", TEXT, "First address, hexadecimal."),
    Column("end", TEXT, "Address behind the last, hexadecimal."),
    Column("permissions", TEXT, "Rights r, w and x, a - for each that is missing, then p for private or s for shared."),
    Column("offset", BIGINT, "Where in the file the region begins, in bytes."),
    Column("device", TEXT, "Major and minor number of the file's device, hexadecimal."),
    Column("inode", INTEGER, "Inode of the file, 0 when there is none."),
    Column("path", TEXT, "Path of the file, or the kernel's name of the region in brackets."),
    Column("pseudo", INTEGER, "1 when the path is a name and not a file."),
    *context.CONTEXT,
    platforms=LINUX,
    examples=["SELECT DISTINCT path FROM process_memory_map WHERE pid = 1 AND permissions LIKE '%x%' AND pseudo = 0"],
    notes="From /proc/PID/maps. Other users' processes need root.",
)
def process_memory_map(query: Query) -> Rows:
    """Regions of memory that the processes have mapped, with the files behind them."""
    end = context.ending(query)
    for pid in proc.pids(query.root, query.equals("pid")):
        for start, stop, permissions, offset, device, inode, path in proc.memory_map(query.root, pid):
            pseudo = 1 if path and not inode else 0
            row = (pid, "0x" + start, "0x" + stop, permissions, offset, device, inode, path, pseudo)
            yield row if end is None else (*row, *end(pid))
