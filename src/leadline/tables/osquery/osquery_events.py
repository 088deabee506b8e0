"""The osquery_events table."""

from __future__ import annotations

from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.osquery import runtime

_PUBLISHERS = {
    "auditeventpublisher": (
        "apparmor_events", "process_events", "process_file_events", "seccomp_events", "selinux_events",
        "socket_events", "user_events",
    ),
    "inotify": ("file_events", "yara_events"),
    "syslog": ("syslog_events",),
    "udev": ("hardware_events",),
}  # fmt: skip


@table(
    "osquery_events",
    Column("name", TEXT, "Name of the publisher, or of the table that is its subscriber."),
    Column("publisher", TEXT, "Name of the publisher."),
    Column("type", TEXT, "`publisher` or `subscriber`."),
    Column("subscriptions", INTEGER, "Number of subscriptions that the publisher has, or the subscriber made."),
    Column("events", INTEGER, "Events since the program started."),
    Column("refreshes", INTEGER, "How often the publisher worked its subscriptions out anew."),
    Column("active", INTEGER, "1 when it records events, else 0."),
    platforms=LINUX,
    utility=True,
    examples=["SELECT name, publisher, events FROM osquery_events WHERE active = 1"],
    notes="While events are disabled every publisher and subscriber is listed as not active.",
)
def osquery_events(query: Query) -> Rows:
    """Event publishers, and the event tables that they fill."""
    program = runtime.of(query)
    known = list(program.publishers()) if program else []
    yield from known
    named = {row[0] for row in known}
    for publisher, subscribers in _PUBLISHERS.items():
        if publisher not in named:
            yield publisher, publisher, "publisher", 0, 0, 0, 0
        for subscriber in subscribers:
            if subscriber not in named:
                yield subscriber, publisher, "subscriber", 0, 0, 0, 0
