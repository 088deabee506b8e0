"""The docker_container_ports table."""

from __future__ import annotations

from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker
from leadline.tables.containers.values import entries, number, text


@table(
    "docker_container_ports",
    Column(
        "id",
        TEXT,
        "Identifier of the container, or its beginning as asked for.",
        additional=True,
        collate="nocase",
    ),
    Column("type", TEXT, "Protocol: `tcp`, `udp` or `sctp`."),
    Column("port", INTEGER, "Port in the container."),
    Column("host_ip", TEXT, "Address of the machine that the port is published on; empty when it is not."),
    Column("host_port", INTEGER, "Port of the machine that leads there; 0 when it is not published."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT id, port, host_ip, host_port FROM docker_container_ports WHERE host_port <> 0"],
    notes=(
        "Running containers; with a constraint on the id also those that do not run. One request to the daemon;"
        " empty when none runs. A port that is published on IPv4 and IPv6 has two rows."
    ),
)
def docker_container_ports(query: Query) -> Rows:
    """Ports that Docker containers expose or publish."""
    for identifier, container in docker.containers(query, docker.daemon(query)):
        for port in entries(container, "Ports"):
            yield (
                identifier,
                text(port, "Type"),
                number(port, "PrivatePort"),
                text(port, "IP") or "",
                number(port, "PublicPort") or 0,  # the daemon leaves it out instead
            )
