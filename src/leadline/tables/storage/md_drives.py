"""The md_drives table."""

from __future__ import annotations

from leadline.linux import md, mdstat
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "md_drives",
    Column("md_device_name", TEXT, "Name of the array, such as `md0`."),
    Column("drive_name", TEXT, "Path of the member; `unknown` for a place that none holds."),
    Column("slot", INTEGER, "Its place in the array."),
    Column("state", TEXT, "State in words, such as `active sync`, `faulty`, `spare`, `recovering` or `removed`."),
    platforms=LINUX,
    examples=["SELECT md_device_name, drive_name, state FROM md_drives WHERE state NOT LIKE 'active sync%'"],
    notes=(
        "The arrays are from /proc/mdstat. Their members come from the md driver's ioctls, which need root,"
        " otherwise from /sys/block, which does not tell the place a failed member had."
    ),
)
def md_drives(query: Query) -> Rows:
    """Members of software RAID arrays, and the places of members that are missing."""
    for array in mdstat.summary(query.root).arrays:
        for member in md.members(query.root, array.name):
            yield array.name, member.name, member.slot, member.state
