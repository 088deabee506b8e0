"""The docker_container_mounts table."""

from __future__ import annotations

from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker
from leadline.tables.containers.values import entries, text, yes


@table(
    "docker_container_mounts",
    Column("id", TEXT, "Identifier of the container, or its beginning as asked for.", index=True, collate="nocase"),
    Column("type", TEXT, "Kind of the mount: `bind`, `volume` or `tmpfs`."),
    Column("name", TEXT, "Name of the volume.", index=True),
    Column("source", TEXT, "Path on the machine."),
    Column("destination", TEXT, "Path in the container."),
    Column("driver", TEXT, "Driver of the volume."),
    Column("mode", TEXT, "Options of the mount, separated by commas."),
    Column("rw", INTEGER, "1 when it can be written to, else 0."),
    Column("propagation", TEXT, "How mounts below spread, such as `rprivate`."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT id, source, destination FROM docker_container_mounts WHERE type = 'bind' AND rw = 1"],
    notes=(
        "Running containers; with a constraint on the id also those that do not run. One request to the daemon;"
        " empty when none runs."
    ),
)
def docker_container_mounts(query: Query) -> Rows:
    """What is mounted into Docker containers."""
    for identifier, container in docker.containers(query, docker.daemon(query)):
        for mount in entries(container, "Mounts"):
            yield (
                identifier,
                text(mount, "Type"),
                text(mount, "Name"),
                text(mount, "Source"),
                text(mount, "Destination"),
                text(mount, "Driver"),
                text(mount, "Mode"),
                yes(mount, "RW"),
                text(mount, "Propagation"),
            )
