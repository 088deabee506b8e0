"""The mounts table."""

from __future__ import annotations

from leadline.linux import mounts as mounted
from leadline.linux.text import clean
from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table

USAGE = ("blocks_size", "blocks", "blocks_free", "blocks_available", "inodes", "inodes_free")


@table(
    "mounts",
    Column("device", TEXT, "What is mounted: a device, a server's directory, or a name."),
    Column("device_alias", TEXT, "Device with links followed, such as `/dev/dm-0` for `/dev/mapper/root`."),
    Column("path", TEXT, "Where it is mounted."),
    Column("type", TEXT, "Type of the file system."),
    Column("blocks_size", BIGINT, "Bytes in a block."),
    Column("blocks", BIGINT, "Number of blocks."),
    Column("blocks_free", BIGINT, "Blocks that are free."),
    Column("blocks_available", BIGINT, "Free blocks that users other than root may have."),
    Column("inodes", BIGINT, "Number of inodes."),
    Column("inodes_free", BIGINT, "Inodes that are free."),
    Column("flags", TEXT, "Mount options, separated by commas."),
    platforms=LINUX,
    examples=[
        "SELECT path, 100 * blocks_available / blocks AS percent_free FROM mounts WHERE blocks > 0",
        "SELECT path, flags FROM mounts WHERE path = '/tmp' AND flags NOT LIKE '%noexec%'",
    ],
    notes=(
        "From /proc/mounts as the process sees it. Numbers of blocks and inodes are NULL for automount points that are"
        " not mounted and for file systems that do not answer within two seconds."
    ),
)
def mounts(query: Query) -> Rows:
    """Mounted file systems and how full they are."""
    root = query.root
    alias = query.uses("device_alias") and not root
    usage = query.uses(*USAGE) and not root
    for device, path, type, options in mounted.entries(root):
        full = mounted.usage(path, type) if usage else None
        numbers = (
            (None,) * 6
            if full is None
            else (full.f_bsize, full.f_blocks, full.f_bfree, full.f_bavail, full.f_files, full.f_ffree)
        )
        yield (
            clean(device),
            mounted.alias(device) if alias else clean(device),
            clean(path),
            clean(type),
            *numbers,
            clean(options),
        )
