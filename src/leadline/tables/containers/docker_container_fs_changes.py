"""The docker_container_fs_changes table."""

from __future__ import annotations

from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker
from leadline.tables.containers.values import entries, number, text

KINDS = {0: "C", 1: "A", 2: "D"}


@table(
    "docker_container_fs_changes",
    Column("id", TEXT, "Identifier of the container, or its name.", required=True, index=True, collate="nocase"),
    Column("path", TEXT, "Path in the container."),
    Column("change_type", TEXT, "`C` when it was changed, `A` when it was added, `D` when it was deleted."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT c.name, f.path FROM docker_containers AS c JOIN docker_container_fs_changes AS f ON f.id = c.id"],
    notes=(
        "One request for each id. The daemon compares the whole file system for it, which may take it a while;"
        " volumes are not looked at."
    ),
)
def docker_container_fs_changes(query: Query) -> Rows:
    """Files of a Docker container that differ from those of its image."""
    source = docker.daemon(query)
    for identifier in docker.wanted(query) or ():
        for change in entries(source.get(docker.part("/containers", identifier, "/changes"))):
            path, kind = text(change, "Path"), number(change, "Kind")
            if path is not None and kind in KINDS:
                yield identifier, path, KINDS[kind]
