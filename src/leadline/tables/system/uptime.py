"""The uptime table."""

from __future__ import annotations

from leadline.linux import kernel
from leadline.sql.schema import BIGINT, INTEGER, LINUX, Column, Query, Rows, table


@table(
    "uptime",
    Column("days", INTEGER, "Whole days."),
    Column("hours", INTEGER, "Hours beyond the days."),
    Column("minutes", INTEGER, "Minutes beyond the hours."),
    Column("seconds", INTEGER, "Seconds beyond the minutes."),
    Column("total_seconds", BIGINT, "All of it in seconds."),
    platforms=LINUX,
    examples=["SELECT days, hours FROM uptime"],
    notes="From /proc/uptime: suspended time counts.",
)
def uptime(query: Query) -> Rows:
    """Time since the system was started, sleep included."""
    total = kernel.uptime(query.root)
    if total is not None:
        yield total // 86400, total // 3600 % 24, total // 60 % 60, total % 60, total
