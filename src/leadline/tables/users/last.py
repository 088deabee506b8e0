"""The last table."""

from __future__ import annotations

from leadline.linux import utmp
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table

_TYPES = {utmp.USER_PROCESS: "user-process", utmp.DEAD_PROCESS: "dead-process"}


@table(
    "last",
    Column("username", TEXT, "Login name; empty where a session ends."),
    Column("tty", TEXT, "Terminal, such as `pts/0`."),
    Column("pid", INTEGER, "Process of the login."),
    Column("type", INTEGER, "Type of the record: 7 for a login, 8 for its end."),
    Column("type_name", TEXT, "The same in words: `user-process` or `dead-process`."),
    Column("time", INTEGER, "When it happened, in seconds since 1970."),
    Column("host", TEXT, "Where a remote login came from."),
    platforms=LINUX,
    cacheable=True,
    examples=["SELECT username, host, time FROM last WHERE type_name = 'user-process' ORDER BY time DESC LIMIT 20"],
    notes="From /var/log/wtmp, which may be rotated away or, on the newest distributions, not written at all.",
)
def last(query: Query) -> Rows:
    """Logins and their ends since the log was begun, the oldest first."""
    for record in utmp.history(query.root):
        if record.type in _TYPES:
            yield (
                record.user, record.line, record.pid, record.type, _TYPES[record.type], record.seconds, record.host,
            )  # fmt: skip
