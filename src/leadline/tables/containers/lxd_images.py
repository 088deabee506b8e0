"""The lxd_images table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers.lxd import Daemon, quoted
from leadline.tables.containers.values import entries, number, text, yes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@table(
    "lxd_images",
    Column("id", TEXT, "Fingerprint of the image.", index=True, collate="nocase"),
    Column("architecture", TEXT, "Architecture it is made for."),
    Column("os", TEXT, "Operating system in it."),
    Column("release", TEXT, "Release of that system."),
    Column("description", TEXT, "Description of the image."),
    Column("aliases", TEXT, "Names for it, separated by commas."),
    Column("filename", TEXT, "Name of its file."),
    Column("size", BIGINT, "Size in bytes."),
    Column("auto_update", INTEGER, "1 when it is brought up to date by itself."),
    Column("cached", INTEGER, "1 when it was fetched for an instance and goes when nobody uses it."),
    Column("public", INTEGER, "1 when anybody may fetch it from this server."),
    Column("created_at", TEXT, "When it was made, in the form of RFC 3339."),
    Column("expires_at", TEXT, "When it ceases to be valid."),
    Column("uploaded_at", TEXT, "When it came to this server."),
    Column("last_used_at", TEXT, "When an instance was last made from it."),
    Column("update_source_server", TEXT, "Server that newer versions come from."),
    Column("update_source_protocol", TEXT, "Protocol of that server, such as `simplestreams`."),
    Column("update_source_certificate", TEXT, "Certificate of that server, when it is not one that is trusted anyway."),
    Column("update_source_alias", TEXT, "Name of the image at that server."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT id, os, release, size, last_used_at FROM lxd_images ORDER BY size DESC"],
    notes=(
        "From LXD's REST API over the socket that the flag `lxd_socket` names. The columns `update_source_*` are"
        " empty for images that were made or imported here."
    ),
)
def lxd_images(query: Query) -> Rows:
    """Images that LXD keeps to make instances from."""
    for identifier, image in _images(query):
        yield (
            identifier,
            text(image, "architecture"),
            *(text(image, "properties", name) for name in ("os", "release", "description")),
            ",".join(filter(None, (text(alias, "name") for alias in entries(image, "aliases")))),
            text(image, "filename"),
            number(image, "size"),
            *(yes(image, name) for name in ("auto_update", "cached", "public")),
            *(text(image, name) for name in ("created_at", "expires_at", "uploaded_at", "last_used_at")),
            *(text(image, "update_source", name) for name in ("server", "protocol", "certificate", "alias")),
        )


def _images(query: Query) -> Iterator[tuple[str | None, object]]:
    """Images with their fingerprints, or with what the statement has for one: its first digits do."""
    daemon = Daemon(query)
    wanted = query.equals("id")
    if wanted is None:
        for image in daemon.all("images"):
            yield text(image, "fingerprint"), image
        return
    for identifier in wanted:
        found = daemon.get(f"/1.0/images/{quoted(identifier)}") if isinstance(identifier, str) and identifier else None
        if isinstance(found, dict):
            yield text(identifier), found
