"""The seccomp_events table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, LINUX, TEXT, UNSIGNED_BIGINT, Column, Query, Rows, table
from leadline.tables.events import stored


@table(
    "seccomp_events",
    Column("time", BIGINT, "When it happened, in seconds since 1970.", additional=True),
    Column("uptime", BIGINT, "When it happened, in seconds since the system started."),
    Column("auid", UNSIGNED_BIGINT, "User id at login, which sudo and su do not change."),
    Column("uid", UNSIGNED_BIGINT, "User id."),
    Column("gid", UNSIGNED_BIGINT, "Group id."),
    Column("ses", UNSIGNED_BIGINT, "Id of the login session."),
    Column("pid", UNSIGNED_BIGINT, "Process id."),
    Column("comm", TEXT, "Name of the process."),
    Column("exe", TEXT, "Path of the program."),
    Column("sig", BIGINT, "Signal that the process was sent; 0 for none."),
    Column("arch", TEXT, "Architecture of the system call."),
    Column("syscall", TEXT, "Name of the system call, or its number when the architecture is another."),
    Column("compat", BIGINT, "1 when a 32-bit program made the call on a 64-bit kernel."),
    Column("ip", TEXT, "Address of the instruction that made the call."),
    Column("code", TEXT, "What the filter answered."),
    platforms=LINUX,
    events=True,
    examples=["SELECT time, exe, syscall, code FROM seccomp_events"],
    notes=(
        "Recorded by a running agent with --disable_audit=false --audit_allow_seccomp_events; without it there "
        "are no rows. Kept for events_expiry seconds."
    ),
)
def seccomp_events(query: Query) -> Rows:
    """System calls that a seccomp filter did not let pass, from the kernel's audit subsystem."""
    return stored.rows(query)
