"""The syslog_events table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.events import stored


@table(
    "syslog_events",
    Column("time", BIGINT, "When the line was received, in seconds since 1970.", additional=True),
    Column("datetime", TEXT, "Time that the line gives itself."),
    Column("host", TEXT, "Host that the line comes from."),
    Column("severity", INTEGER, "Severity from 0, an emergency, to 7, debugging."),
    Column("facility", TEXT, "Facility, such as auth or cron."),
    Column("tag", TEXT, "Program that logged it, often with its process id."),
    Column("message", TEXT, "Text of the line."),
    Column("eid", TEXT, "Number of the event, growing by one with each of the table.", hidden=True),
    platforms=LINUX,
    aliases=("syslog",),
    events=True,
    examples=["SELECT datetime, host, tag, message FROM syslog_events WHERE severity <= 3"],
    notes=(
        "Recorded by a running agent with --enable_syslog; without it there are no rows. Kept for events_expiry "
        "seconds."
    ),
)
def syslog_events(query: Query) -> Rows:
    """Lines that rsyslog writes to the agent's pipe."""
    return stored.rows(query)
