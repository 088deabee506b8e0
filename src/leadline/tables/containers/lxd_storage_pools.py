"""The lxd_storage_pools table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers.lxd import Daemon, quoted
from leadline.tables.containers.values import number, text

_RESOURCES = (("space", "used"), ("space", "total"), ("inodes", "used"), ("inodes", "total"))


@table(
    "lxd_storage_pools",
    Column("name", TEXT, "Name of the pool."),
    Column("driver", TEXT, "What it is made with, such as `zfs`, `btrfs` or `dir`."),
    Column("source", TEXT, "Device, file or directory that it lies on."),
    Column("size", TEXT, "Size it was given, as it was written."),
    Column("space_used", BIGINT, "Bytes in use."),
    Column("space_total", BIGINT, "Bytes that there are."),
    Column("inodes_used", BIGINT, "Inodes in use."),
    Column("inodes_total", BIGINT, "Inodes that there are."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT name, driver, 100 * space_used / space_total AS percent FROM lxd_storage_pools"],
    notes="From LXD's REST API over the socket that the flag `lxd_socket` names.",
)
def lxd_storage_pools(query: Query) -> Rows:
    """Pools that LXD stores images and instances in."""
    daemon = Daemon(query)
    for pool in daemon.all("storage-pools"):
        name = text(pool, "name") or ""
        live = query.uses("space_used", "space_total", "inodes_used", "inodes_total")
        target = f"/1.0/storage-pools/{quoted(name)}/resources"
        resources = daemon.get(target, complain=False) if live and name else None
        yield (
            name,
            text(pool, "driver"),
            text(pool, "config", "source") or "",
            text(pool, "config", "size") or "",
            *(number(resources, *keys) for keys in _RESOURCES),
        )
