"""The docker_volume_labels table."""

from __future__ import annotations

from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker


@table(
    "docker_volume_labels",
    Column("name", TEXT, "Name of the volume.", index=True),
    Column("key", TEXT, "Name of the label.", index=True),
    Column("value", TEXT, "Value of the label."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT name, key, value FROM docker_volume_labels"],
    notes="One request to the daemon; empty when none runs.",
)
def docker_volume_labels(query: Query) -> Rows:
    """Labels of Docker volumes."""
    return docker.labels(docker.volumes(docker.daemon(query)))
