"""The selinux_events table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.events import stored


@table(
    "selinux_events",
    Column("type", TEXT, "Name of the audit record type."),
    Column("message", TEXT, "Text of the record."),
    Column("time", BIGINT, "When it happened, in seconds since 1970.", additional=True),
    Column("uptime", BIGINT, "When it happened, in seconds since the system started."),
    Column("eid", TEXT, "Number of the event, growing by one with each of the table.", hidden=True),
    platforms=LINUX,
    events=True,
    examples=["SELECT time, type, message FROM selinux_events WHERE type = 'AVC'"],
    notes=(
        "Recorded by a running agent with --disable_audit=false --audit_allow_selinux_events; without it there "
        "are no rows. Kept for events_expiry seconds."
    ),
)
def selinux_events(query: Query) -> Rows:
    """What SELinux denied or changed, from the kernel's audit subsystem."""
    return stored.rows(query)
