"""The process_events table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, LINUX, MACOS, TEXT, Column, Query, Rows, table
from leadline.tables.events import stored


@table(
    "process_events",
    Column("pid", BIGINT, "Process id."),
    Column("path", TEXT, "Path of the program."),
    Column("mode", TEXT, "Permissions of the program file, as an octal number."),
    Column("cmdline", TEXT, "Arguments, separated by spaces."),
    Column("cmdline_size", BIGINT, "Length of the arguments in bytes.", hidden=True),
    Column("env", TEXT, "Environment, which the audit subsystem does not tell.", hidden=True, aliases=("environment",)),
    Column("env_count", BIGINT, "Number of environment variables.", hidden=True, aliases=("environment_count",)),
    Column("env_size", BIGINT, "Length of the environment in bytes.", hidden=True, aliases=("environment_size",)),
    Column("cwd", TEXT, "Working directory of the process."),
    Column("auid", BIGINT, "User id at login, which sudo and su do not change."),
    Column("uid", BIGINT, "User id."),
    Column("euid", BIGINT, "Effective user id."),
    Column("gid", BIGINT, "Group id."),
    Column("egid", BIGINT, "Effective group id."),
    Column("owner_uid", BIGINT, "User id of the program file's owner."),
    Column("owner_gid", BIGINT, "Group id of the program file."),
    Column("atime", BIGINT, "Last access of the file, in seconds since 1970.", aliases=("access_time",)),
    Column("mtime", BIGINT, "Last change of the content, in seconds since 1970.", aliases=("modify_time",)),
    Column("ctime", BIGINT, "Last change of the inode, in seconds since 1970.", aliases=("change_time",)),
    Column("btime", BIGINT, "Creation of the file, in seconds since 1970.", aliases=("create_time",)),
    Column("overflows", TEXT, "Fields that did not fit and were cut.", hidden=True),
    Column("parent", BIGINT, "Id of the parent process."),
    Column("time", BIGINT, "When it happened, in seconds since 1970.", additional=True),
    Column("uptime", BIGINT, "When it happened, in seconds since the system started."),
    Column("eid", TEXT, "Number of the event, growing by one with each of the table.", hidden=True),
    Column("status", BIGINT, "Exit status of the process.", platforms=MACOS),
    Column("fsuid", BIGINT, "User id for file access.", platforms=LINUX),
    Column("suid", BIGINT, "Saved user id.", platforms=LINUX),
    Column("fsgid", BIGINT, "Group id for file access.", platforms=LINUX),
    Column("sgid", BIGINT, "Saved group id.", platforms=LINUX),
    Column("syscall", TEXT, "Name of the system call.", platforms=LINUX),
    platforms=LINUX,
    events=True,
    examples=["SELECT pid, parent, uid, cmdline FROM process_events WHERE time > strftime('%s', 'now') - 3600"],
    notes=(
        "Recorded by a running agent with --disable_audit=false --audit_allow_config; without it there are no rows."
        " Only calls that succeeded are recorded. Kept for events_expiry seconds."
    ),
)
def process_events(query: Query) -> Rows:
    """Programs that were started, from the kernel's audit subsystem."""
    return stored.rows(query)
