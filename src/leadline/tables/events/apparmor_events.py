"""The apparmor_events table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, LINUX, TEXT, UNSIGNED_BIGINT, Column, Query, Rows, table
from leadline.tables.events import stored


@table(
    "apparmor_events",
    Column("type", TEXT, "Name of the audit record type."),
    Column("message", TEXT, "Text of the record."),
    Column("time", BIGINT, "When it happened, in seconds since 1970.", additional=True),
    Column("uptime", BIGINT, "When it happened, in seconds since the system started."),
    Column("eid", TEXT, "Number of the event, growing by one with each of the table.", hidden=True),
    Column("apparmor", TEXT, "Verdict: ALLOWED, DENIED, AUDIT, STATUS and so on."),
    Column("operation", TEXT, "What was attempted."),
    Column("parent", UNSIGNED_BIGINT, "Id of the parent process."),
    Column("profile", TEXT, "Profile that judged it."),
    Column("name", TEXT, "What was accessed."),
    Column("pid", UNSIGNED_BIGINT, "Process id."),
    Column("comm", TEXT, "Name of the process."),
    Column("denied_mask", TEXT, "Access that was denied."),
    Column("capname", TEXT, "Name of the capability that was asked for."),
    Column("fsuid", UNSIGNED_BIGINT, "User id for file access."),
    Column("ouid", UNSIGNED_BIGINT, "User id of the object's owner."),
    Column("capability", BIGINT, "Number of the capability that was asked for."),
    Column("requested_mask", TEXT, "Access that was asked for."),
    Column("info", TEXT, "Further explanation."),
    Column("error", TEXT, "Error number, negative."),
    Column("namespace", TEXT, "AppArmor namespace."),
    Column("label", TEXT, "Label of the object."),
    platforms=LINUX,
    events=True,
    examples=["SELECT time, profile, operation, name, comm FROM apparmor_events WHERE apparmor = 'DENIED'"],
    notes=(
        "Recorded by a running agent with --disable_audit=false --audit_allow_apparmor_events; without it there "
        "are no rows. Kept for events_expiry seconds."
    ),
)
def apparmor_events(query: Query) -> Rows:
    """What AppArmor judged, from the kernel's audit subsystem."""
    return stored.rows(query)
