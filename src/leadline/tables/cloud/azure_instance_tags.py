"""The azure_instance_tags table."""

from __future__ import annotations

from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.cloud import azure_metadata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@table(
    "azure_instance_tags",
    Column("vm_id", TEXT, "Identifier of the machine."),
    Column("key", TEXT, "Name of the tag."),
    Column("value", TEXT, "Value of the tag."),
    platforms=LINUX,
    cacheable=True,
    live=True,
    examples=["SELECT key, value FROM azure_instance_tags WHERE key = 'Environment'"],
    notes=(
        "From the metadata service at 169.254.169.254; empty outside of Azure. Services that are too old to list tags"
        " one by one give them as one text, in which a semicolon within a value ends the tag."
    ),
)
def azure_instance_tags(query: Query) -> Rows:
    """Tags that the owner of an Azure virtual machine gave it."""
    document = azure_metadata.compute(query, (azure_metadata.TAG_LIST, azure_metadata.OLD))
    if document is not None:
        machine = azure_metadata.text(document, "vmId")
        for key, value in _tags(document):
            yield machine, key, value


def _tags(document: dict[str, object]) -> Iterator[tuple[str, str]]:
    listed = document.get("tagsList")
    if isinstance(listed, list):
        for tag in listed:
            if isinstance(tag, dict) and isinstance(tag.get("name"), str):
                yield azure_metadata.text(tag, "name"), azure_metadata.text(tag, "value")
        return
    for pair in azure_metadata.text(document, "tags").split(";"):
        key, colon, value = pair.partition(":")
        if colon:
            yield key, value
