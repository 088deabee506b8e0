"""The socket_events table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.events import stored


@table(
    "socket_events",
    Column("action", TEXT, "System call: bind, connect, accept or accept4."),
    Column("pid", BIGINT, "Process id."),
    Column("path", TEXT, "Path of the program."),
    Column("fd", TEXT, "Number of the file descriptor."),
    Column("auid", BIGINT, "User id at login, which sudo and su do not change."),
    Column("family", INTEGER, "Protocol family, as in sys/socket.h."),
    Column("protocol", INTEGER, "IP protocol number.", hidden=True),
    Column("local_address", TEXT, "Local address."),
    Column("remote_address", TEXT, "Remote address."),
    Column("local_port", INTEGER, "Local port."),
    Column("remote_port", INTEGER, "Remote port."),
    Column("socket", TEXT, "Path of a UNIX domain socket.", hidden=True),
    Column("time", BIGINT, "When it happened, in seconds since 1970.", additional=True),
    Column("uptime", BIGINT, "When it happened, in seconds since the system started."),
    Column("eid", TEXT, "Number of the event, growing by one with each of the table.", hidden=True),
    Column("success", INTEGER, "1 when the call succeeded, else 0.", hidden=True),
    Column("status", TEXT, "succeeded, failed, in_progress or no_client.", platforms=LINUX),
    platforms=LINUX,
    events=True,
    examples=["SELECT pid, path, remote_address, remote_port FROM socket_events WHERE action = 'connect'"],
    notes=(
        "Recorded by a running agent with --disable_audit=false --audit_allow_sockets; without it there are no "
        "rows. Kept for events_expiry seconds."
    ),
)
def socket_events(query: Query) -> Rows:
    """Sockets that processes bound, connected or accepted, from the kernel's audit subsystem."""
    return stored.rows(query)
