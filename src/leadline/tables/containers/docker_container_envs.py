"""The docker_container_envs table."""

from __future__ import annotations

from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker
from leadline.tables.containers.values import texts


@table(
    "docker_container_envs",
    Column("id", TEXT, "Identifier of the container, or its beginning as asked for.", index=True, collate="nocase"),
    Column("key", TEXT, "Name of the environment variable."),
    Column("value", TEXT, "Its value."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT id, value FROM docker_container_envs WHERE key = 'PATH'"],
    notes=(
        "Running containers; with a constraint on the id also those that do not run. One request and another one a"
        " container; empty when no daemon runs. What a process set itself later is not here but in process_envs."
    ),
)
def docker_container_envs(query: Query) -> Rows:
    """Environment variables that Docker containers are started with."""
    source = docker.daemon(query)
    for identifier, container in docker.containers(query, source):
        for variable in texts(docker.inspected(source, container), "Config", "Env"):
            key, equals, value = variable.partition("=")
            yield identifier, key, value if equals else None
