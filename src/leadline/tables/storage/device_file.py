"""The device_file table."""

from __future__ import annotations

from leadline.linux import diskimage
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "device_file",
    Column("device", TEXT, "Path of the disk, or of an image of one.", required=True, index=True),
    Column("partition", TEXT, "Number of the partition, as in device_partitions.", required=True, index=True),
    Column(
        "path",
        TEXT,
        "Path within the file system; NULL for an inode that no regular file's name leads to.",
        additional=True,
    ),
    Column("filename", TEXT, "Name without its directory."),
    Column("inode", BIGINT, "Inode number.", index=True),
    Column("uid", BIGINT, "User id of the owner."),
    Column("gid", BIGINT, "Group id of the owner."),
    Column("mode", TEXT, "Permissions as four octal digits."),
    Column("size", BIGINT, "Size in bytes."),
    Column("block_size", INTEGER, "Bytes in a block of the file system."),
    Column("atime", BIGINT, "Last access, in seconds since 1970."),
    Column("mtime", BIGINT, "Last change of the content, in seconds since 1970."),
    Column("ctime", BIGINT, "Creation, in seconds since 1970; 0 where the file system does not keep it."),
    Column("hard_links", INTEGER, "Number of hard links; 0 for a deleted file."),
    Column("type", TEXT, "regular, directory, symlink, block, character, fifo, socket or unknown."),
    platforms=LINUX,
    examples=[
        "SELECT path, size, mtime FROM device_file WHERE device = '/dev/sda' AND partition = '2'",
        "SELECT mode, uid FROM device_file WHERE device = '/dev/sda' AND partition = '2' AND path = '/etc/shadow'",
    ],
    notes=(
        "Read with The Sleuth Kit, past the running system, in a process of its own that cannot harm the agent; needs"
        " root for a device. Without path or inode every regular file has a row, deleted ones while their inode is"
        " still known. Without partition all partitions are read."
    ),
)
def device_file(query: Query) -> Rows:
    """Files on a partition of a disk, read without mounting it."""
    devices = query.equals("device")
    if devices is None:
        query.warn("device_file needs to be told the device")
        return
    request = {
        "want": "files",
        "partitions": query.equals("partition"),
        "paths": query.equals("path"),
        "inodes": query.equals("inode"),
        "named": query.uses("path", "filename"),
    }
    for device in devices:
        if isinstance(device, str):
            for row in diskimage.files(query.root, device, request, query.kept, query.cancelled, query.warn):
                yield (device, *row)
