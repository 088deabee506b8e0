"""The device_hash table."""

from __future__ import annotations

from leadline.linux import diskimage
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.osquery import runtime

_READ_MAX = 50 << 20


@table(
    "device_hash",
    Column("device", TEXT, "Path of the disk, or of an image of one.", required=True),
    Column("partition", TEXT, "Number of the partition, as in device_partitions.", required=True),
    Column("inode", BIGINT, "Inode number of the file.", required=True),
    Column("md5", TEXT, "MD5 of the content, in hexadecimal.", collate="nocase"),
    Column("sha1", TEXT, "SHA-1 of the content, in hexadecimal.", collate="nocase"),
    Column("sha256", TEXT, "SHA-256 of the content, in hexadecimal.", collate="nocase"),
    platforms=LINUX,
    examples=["SELECT sha256 FROM device_hash WHERE device = '/dev/sda' AND partition = '2' AND inode = 12"],
    notes=(
        "Read with The Sleuth Kit, past the running system, in a process of its own that cannot harm the agent; needs"
        " root for a device. Without inode every regular file is read; a look-up by inode takes a tenth of a second."
        " Files beyond read_max, or not readable to their end, have no digests."
    ),
)
def device_hash(query: Query) -> Rows:
    """Digests of files on a partition of a disk, by their inodes, read without mounting it."""
    devices = query.equals("device")
    if devices is None:
        query.warn("device_hash needs to be told the device")
        return
    request = {
        "want": "hashes",
        "partitions": query.equals("partition"),
        "inodes": query.equals("inode"),
        "largest": runtime.number(query, "read_max", _READ_MAX),
    }
    for device in devices:
        if isinstance(device, str):
            for row in diskimage.rows(query.root, device, request, query.cancelled, query.warn):
                yield (device, *row)
