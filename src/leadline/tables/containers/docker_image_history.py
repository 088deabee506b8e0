"""The docker_image_history table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker
from leadline.tables.containers.values import entries, number, text, texts


@table(
    "docker_image_history",
    Column("id", TEXT, "Identifier of the image, or its beginning as asked for.", index=True, collate="nocase"),
    Column("created", BIGINT, "Time the step was made, in seconds since 1970."),
    Column("size", BIGINT, "What the step added, in bytes."),
    Column("created_by", TEXT, "Instruction that made the step."),
    Column("tags", TEXT, "Names and tags of the image that the step ended in, separated by commas."),
    Column("comment", TEXT, "Comment on the step."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT id, created_by, size FROM docker_image_history WHERE size > 10000000"],
    notes=(
        "One request for each image, and one for the list when the statement names none; empty when no daemon runs."
    ),
)
def docker_image_history(query: Query) -> Rows:
    """Steps that Docker images were made in, the last one first."""
    source = docker.daemon(query)
    for identifier in docker.images(query, source):
        for step in entries(source.get(docker.part("/images", identifier, "/history"))):
            yield (
                identifier,
                number(step, "Created"),
                number(step, "Size"),
                text(step, "CreatedBy"),
                ",".join(texts(step, "Tags")),
                text(step, "Comment"),
            )
