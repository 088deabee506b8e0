"""The logged_in_users table."""

from __future__ import annotations

from leadline.linux import utmp
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, WINDOWS, Column, Query, Rows, table

_TYPES = ("empty", "runlevel", "boot_time", "new_time", "old_time", "init", "login", "user", "dead", "accounting")


@table(
    "logged_in_users",
    Column("type", TEXT, "What the record is: `user` for a login, also `dead`, `boot_time`, `runlevel` and so on."),
    Column("user", TEXT, "Login name."),
    Column("tty", TEXT, "Terminal, such as `pts/0`."),
    Column("host", TEXT, "Where a remote login comes from; for other records the kernel's release."),
    Column("time", BIGINT, "When the record was written, in seconds since 1970."),
    Column("pid", INTEGER, "Process of the login."),
    Column("sid", TEXT, "Security identifier of the user.", platforms=WINDOWS),
    Column("registry_hive", TEXT, "Registry hive of the user.", platforms=WINDOWS),
    platforms=LINUX,
    cacheable=True,
    examples=["SELECT user, tty, host, time FROM logged_in_users WHERE type = 'user'"],
    notes="From /run/utmp; empty where nothing writes it, as in most containers.",
)
def logged_in_users(query: Query) -> Rows:
    """Who is logged in, and the other records of utmp."""
    for record in utmp.logins(query.root):
        if record.pid != 1:
            kind = _TYPES[record.type] if 0 <= record.type < len(_TYPES) else "unknown"
            yield kind, record.user, record.line, record.host, record.seconds, record.pid
