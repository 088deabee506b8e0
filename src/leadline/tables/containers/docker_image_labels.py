"""The docker_image_labels table."""

from __future__ import annotations

from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker


@table(
    "docker_image_labels",
    Column("id", TEXT, "Identifier of the image, or its beginning as asked for.", index=True, collate="nocase"),
    Column("key", TEXT, "Name of the label."),
    Column("value", TEXT, "Value of the label."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT id, value FROM docker_image_labels WHERE key = 'org.opencontainers.image.source'"],
    notes="One request to the daemon; empty when none runs.",
)
def docker_image_labels(query: Query) -> Rows:
    """Labels of Docker images."""
    return docker.labels(docker.listed(docker.daemon(query).get("/images/json"), docker.wanted(query)))
