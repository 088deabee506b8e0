"""The user_events table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.events import stored


@table(
    "user_events",
    Column("uid", BIGINT, "User id."),
    Column("auid", BIGINT, "User id at login, which sudo and su do not change."),
    Column("pid", BIGINT, "Process id."),
    Column("message", TEXT, "Text of the message."),
    Column("type", INTEGER, "Number of the audit record type, such as 1112 for a login."),
    Column("path", TEXT, "Path of the program that sent the message."),
    Column("address", TEXT, "Address the user came from."),
    Column("terminal", TEXT, "Terminal of the user."),
    Column("time", BIGINT, "When it happened, in seconds since 1970.", additional=True),
    Column("uptime", BIGINT, "When it happened, in seconds since the system started."),
    Column("eid", TEXT, "Number of the event, growing by one with each of the table.", hidden=True),
    platforms=LINUX,
    events=True,
    examples=["SELECT time, uid, type, message FROM user_events WHERE terminal = 'ssh'"],
    notes=(
        "Recorded by a running agent with --disable_audit=false; without it there are no rows. Kept for "
        "events_expiry seconds."
    ),
)
def user_events(query: Query) -> Rows:
    """Logins, authentications and other messages of user programs to the audit subsystem."""
    return stored.rows(query)
