"""The process_file_events table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.events import stored


@table(
    "process_file_events",
    Column("operation", TEXT, "What was done: open, create, read, write, rename, link, unlink and the like."),
    Column("pid", BIGINT, "Process id."),
    Column("ppid", BIGINT, "Id of the parent process."),
    Column("time", BIGINT, "When it happened, in seconds since 1970.", additional=True),
    Column("executable", TEXT, "Path of the program."),
    Column("partial", TEXT, "`true` when the path could not be put together in full."),
    Column("cwd", TEXT, "Working directory of the process."),
    Column("path", TEXT, "File that was acted on."),
    Column("dest_path", TEXT, "New name, for a rename or a link."),
    Column("uid", TEXT, "User id."),
    Column("gid", TEXT, "Group id."),
    Column("auid", TEXT, "User id at login, which sudo and su do not change."),
    Column("euid", TEXT, "Effective user id."),
    Column("egid", TEXT, "Effective group id."),
    Column("fsuid", TEXT, "User id for file access."),
    Column("fsgid", TEXT, "Group id for file access."),
    Column("suid", TEXT, "Saved user id."),
    Column("sgid", TEXT, "Saved group id."),
    Column("uptime", BIGINT, "When it happened, in seconds since the system started."),
    Column("eid", TEXT, "Number of the event, growing by one with each of the table.", hidden=True),
    platforms=LINUX,
    events=True,
    examples=[
        "SELECT time, executable, operation, path FROM process_file_events WHERE operation IN ('write', 'unlink')"
    ],
    notes=(
        "Recorded by a running agent with --disable_audit=false --audit_allow_fim_events and file_paths in the "
        "configuration; without it there are no rows. Kept for events_expiry seconds."
    ),
)
def process_file_events(query: Query) -> Rows:
    """What processes did to watched files, from the kernel's audit subsystem."""
    return stored.rows(query)
