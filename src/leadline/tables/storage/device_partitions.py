"""The device_partitions table."""

from __future__ import annotations

from leadline.linux import diskimage
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "device_partitions",
    Column("device", TEXT, "Path of the disk, or of an image of one.", required=True),
    Column("partition", INTEGER, "Number of the part, counted from 0 with tables and gaps."),
    Column("label", TEXT, "Its name or kind in the table of partitions."),
    Column("type", TEXT, "File system where one is recognised, such as `ext4`; else meta, normal or unallocated."),
    Column("offset", BIGINT, "Where it starts, in bytes."),
    Column("blocks_size", BIGINT, "Bytes in a block of the file system, or of the disk where there is none."),
    Column("blocks", BIGINT, "Number of these blocks."),
    Column("inodes", BIGINT, "Number of inodes of the file system; -1 where there is none."),
    Column("flags", INTEGER, "Flags of the file system; without one 1 for allocated, 2 unallocated, 4 meta."),
    platforms=LINUX,
    examples=["SELECT partition, label, type, offset FROM device_partitions WHERE device = '/dev/sda'"],
    notes=(
        "Read with The Sleuth Kit, in a process of its own that cannot harm the agent. Reading a device needs root."
        " A disk without a table of partitions (DOS, GPT, BSD, Mac, Sun) has no rows."
    ),
)
def device_partitions(query: Query) -> Rows:
    """What the table of partitions of a disk holds: partitions, gaps and the table itself."""
    for device in query.equals("device") or ():
        if isinstance(device, str):
            for row in diskimage.rows(query.root, device, {"want": "partitions"}, query.cancelled, query.warn):
                yield (device, *row)
