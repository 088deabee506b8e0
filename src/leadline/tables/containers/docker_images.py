"""The docker_images table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker
from leadline.tables.containers.values import number, texts


@table(
    "docker_images",
    Column("id", TEXT, "Identifier of the image.", collate="nocase"),
    Column("created", BIGINT, "Time it was made, in seconds since 1970."),
    Column("size_bytes", BIGINT, "Size in bytes, with the layers that it shares."),
    Column("tags", TEXT, "Names and tags, separated by commas."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT tags, size_bytes FROM docker_images ORDER BY size_bytes DESC"],
    notes=(
        "One request to the daemon at the socket of the flag docker_socket; empty when none runs. Images that only"
        " are steps on the way to others are left out."
    ),
)
def docker_images(query: Query) -> Rows:
    """Images of the Docker daemon."""
    for identifier, image in docker.listed(docker.daemon(query).get("/images/json"), None):
        yield identifier, number(image, "Created"), number(image, "Size"), ",".join(texts(image, "RepoTags"))
