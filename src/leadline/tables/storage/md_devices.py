"""The md_devices table."""

from __future__ import annotations

from leadline.linux import md, mdstat
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "md_devices",
    Column("device_name", TEXT, "Name of the array, such as `md0`."),
    Column("status", TEXT, "active or inactive."),
    Column("raid_level", INTEGER, "RAID level; -1 for a linear array."),
    Column("size", BIGINT, "Usable size in KiB."),
    Column("chunk_size", BIGINT, "Size of a chunk in bytes; 0 for levels without."),
    Column("raid_disks", INTEGER, "Number of members the array is meant to have."),
    Column("nr_raid_disks", INTEGER, "Number of members it has, spare and failed ones included."),
    Column("working_disks", INTEGER, "Members that are in order, spare ones included."),
    Column("active_disks", INTEGER, "Members that hold data and are in step."),
    Column("failed_disks", INTEGER, "Members that failed."),
    Column("spare_disks", INTEGER, "Members that wait to replace another, or are being filled."),
    Column("superblock_state", TEXT, "State of the superblock in words, such as `clean` or `clean bitmap_present`."),
    Column("superblock_version", TEXT, "Version of the superblock, such as `1.2`."),
    Column("superblock_update_time", BIGINT, "Last change of the superblock, in seconds since 1970."),
    Column("bitmap_on_mem", TEXT, "Pages of the write-intent bitmap in memory, as in `0/3 pages [0KB]`."),
    Column("bitmap_chunk_size", TEXT, "What a bit of it stands for, as in `65536KB chunk`."),
    Column("bitmap_external_file", TEXT, "File the bitmap is kept in, when that is not the array itself."),
    Column("recovery_progress", TEXT, "How far a member is rebuilt, as in `12.6% (37043392/292945152)`."),
    Column("recovery_finish", TEXT, "Time that will take, as in `127.5min`."),
    Column("recovery_speed", TEXT, "Speed, as in `33440K/sec`."),
    Column("resync_progress", TEXT, "How far members are brought into step; DELAYED or PENDING while that waits."),
    Column("resync_finish", TEXT, "Time that will take."),
    Column("resync_speed", TEXT, "Speed of it."),
    Column("reshape_progress", TEXT, "How far the array is brought into another shape."),
    Column("reshape_finish", TEXT, "Time that will take."),
    Column("reshape_speed", TEXT, "Speed of it."),
    Column("check_array_progress", TEXT, "How far the array is checked."),
    Column("check_array_finish", TEXT, "Time that will take."),
    Column("check_array_speed", TEXT, "Speed of it."),
    Column("unused_devices", TEXT, "Devices that wait for an array, the same in all rows; `<none>` for none."),
    Column("other", TEXT, "What else the kernel says of the layout, as in `super 1.2 512k chunks`."),
    platforms=LINUX,
    examples=[
        "SELECT device_name, raid_disks, active_disks FROM md_devices WHERE active_disks < raid_disks",
        "SELECT device_name, recovery_progress, recovery_finish FROM md_devices WHERE recovery_progress IS NOT NULL",
    ],
    notes=(
        "Texts are from /proc/mdstat. Numbers of members, state and time of the superblock come from the md"
        " driver's ioctl, which needs root; otherwise from /sys/block, which has no state and time."
    ),
)
def md_devices(query: Query) -> Rows:
    """Software RAID arrays: level, size, members, and what is being done to them."""
    summary = mdstat.summary(query.root)
    none = (None, None, None)
    for array in summary.arrays:
        status = md.status(query.root, array.name)
        yield (
            array.name, array.status, status.level, array.size, status.chunk_size, status.raid_disks, status.nr_disks,
            status.working_disks, status.active_disks, status.failed_disks, status.spare_disks, status.state,
            status.version, status.utime, *array.bitmap,
            *(value for action in mdstat.ACTIONS for value in array.actions.get(action, none)),
            summary.unused, array.other,
        )  # fmt: skip
