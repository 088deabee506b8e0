"""The parse_jsonl table."""

from __future__ import annotations

from leadline.linux import jsontext
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.files import documents
from leadline.tables.files.parse_json import reader
from leadline.tables.namespaces import MOUNT_NAMESPACE_ID, PID_WITH_NAMESPACE


@table(
    "parse_jsonl",
    documents.PATH,
    Column("fullkey", TEXT, "Number of the document, from 0, then all names that lead to the value, joined by `/`."),
    documents.PARENT,
    documents.KEY,
    Column("value", TEXT, "The value as the file writes it, strings without quotes; NULL for null, {} and []."),
    Column("type", TEXT, "string, number, boolean, null, or object and array for empty ones."),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    ours=True,
    examples=[
        "SELECT parent, value FROM parse_jsonl WHERE path LIKE '/var/lib/docker/containers/%/%.log' AND key = 'log'"
    ],
    notes="Any file that the program may read, up to the flag `read_max`. Documents follow one another, commonly one a"
    " line. A file with one that is no JSON has no rows and is named in a warning.",
)
def parse_jsonl(query: Query) -> Rows:
    """Values in files of many JSON documents, such as logs, one row for each."""
    yield from documents.rows(query, reader(jsontext.documents))
