"""The docker_image_layers table."""

from __future__ import annotations

from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers import docker
from leadline.tables.containers.values import texts


@table(
    "docker_image_layers",
    Column("id", TEXT, "Identifier of the image, or its beginning as asked for.", index=True, collate="nocase"),
    Column("layer_id", TEXT, "Hash of the layer's content, uncompressed.", collate="nocase"),
    Column("layer_order", INTEGER, "Place of the layer, counted from 1 at the bottom."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT layer_id, count(*) AS images FROM docker_image_layers GROUP BY layer_id"],
    notes=(
        "One request for each image, and one for the list when the statement names none; empty when no daemon runs."
    ),
)
def docker_image_layers(query: Query) -> Rows:
    """Layers that Docker images are made of."""
    source = docker.daemon(query)
    for identifier in docker.images(query, source):
        image = source.get(docker.part("/images", identifier, "/json"))
        for order, layer in enumerate(texts(image, "RootFS", "Layers"), 1):
            yield identifier, layer.removeprefix("sha256:"), order
