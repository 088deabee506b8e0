"""The docker_container_labels table."""

from __future__ import annotations

from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker


@table(
    "docker_container_labels",
    Column("id", TEXT, "Identifier of the container, or its beginning as asked for.", index=True, collate="nocase"),
    Column("key", TEXT, "Name of the label.", index=True),
    Column("value", TEXT, "Value of the label."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT id, value FROM docker_container_labels WHERE key = 'com.docker.compose.project'"],
    notes=(
        "Running containers; with a constraint on the id also those that do not run. One request to the daemon;"
        " empty when none runs."
    ),
)
def docker_container_labels(query: Query) -> Rows:
    """Labels of Docker containers, those of their images among them."""
    return docker.labels(docker.containers(query, docker.daemon(query)))
