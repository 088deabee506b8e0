"""The docker_network_labels table."""

from __future__ import annotations

from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker


@table(
    "docker_network_labels",
    Column("id", TEXT, "Identifier of the network, or its beginning as asked for.", index=True, collate="nocase"),
    Column("key", TEXT, "Name of the label."),
    Column("value", TEXT, "Value of the label."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT id, key, value FROM docker_network_labels"],
    notes="One request to the daemon; empty when none runs.",
)
def docker_network_labels(query: Query) -> Rows:
    """Labels of Docker networks."""
    return docker.labels(docker.listed(docker.daemon(query).get("/networks"), docker.wanted(query)))
