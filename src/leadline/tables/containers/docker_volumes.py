"""The docker_volumes table."""

from __future__ import annotations

from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker
from leadline.tables.containers.values import text


@table(
    "docker_volumes",
    Column("name", TEXT, "Name of the volume.", index=True),
    Column("driver", TEXT, "Driver of the volume."),
    Column("mount_point", TEXT, "Directory on the machine that holds its files."),
    Column("type", TEXT, "Type of file system, when it was made with one."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT name, mount_point FROM docker_volumes"],
    notes="One request to the daemon; empty when none runs.",
)
def docker_volumes(query: Query) -> Rows:
    """Volumes of the Docker daemon."""
    for name, volume in docker.volumes(docker.daemon(query)):
        yield name, text(volume, "Driver"), text(volume, "Mountpoint"), text(volume, "Options", "type")
