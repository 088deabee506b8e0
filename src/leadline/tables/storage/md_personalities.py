"""The md_personalities table."""

from __future__ import annotations

from leadline.linux import mdstat
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table


@table(
    "md_personalities",
    Column("name", TEXT, "Name of the level, such as `raid1`."),
    platforms=LINUX,
    examples=["SELECT name FROM md_personalities"],
    notes="From /proc/mdstat; empty where the kernel has no software RAID, or has not loaded any level of it yet.",
)
def md_personalities(query: Query) -> Rows:
    """Levels of software RAID that the running kernel can do."""
    for name in mdstat.summary(query.root).personalities:
        yield (name,)
