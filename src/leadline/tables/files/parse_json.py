"""The parse_json table."""

from __future__ import annotations

from leadline.linux import jsontext
from leadline.linux.text import clean
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.files import documents
from leadline.tables.namespaces import MOUNT_NAMESPACE_ID, PID_WITH_NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@table(
    "parse_json",
    documents.PATH,
    documents.FULLKEY,
    documents.PARENT,
    documents.KEY,
    Column("value", TEXT, "The value as the file writes it, strings without quotes; NULL for null, {} and []."),
    Column("type", TEXT, "string, number, boolean, null, or object and array for empty ones."),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    ours=True,
    examples=[
        "SELECT fullkey, value FROM parse_json WHERE path = '/etc/docker/daemon.json'",
        "SELECT path, value FROM parse_json WHERE path LIKE '/usr/share/vulkan/icd.d/%.json' AND key = 'library_path'",
    ],
    notes="Any file that the program may read, up to the flag `read_max` and 100 levels deep. A file that is no JSON"
    " has no rows and is named in a warning. Members of the same name all have rows.",
)
def parse_json(query: Query) -> Rows:
    """Values in JSON files, one row for each, with the names that lead to it."""
    yield from documents.rows(query, reader(jsontext.values))


def reader(parse: Callable[[str, int], Iterator[jsontext.Item]]) -> Callable[[bytes], Iterator[documents.Item]]:
    """A parser for :func:`documents.rows` from one of :mod:`leadline.linux.jsontext`."""

    def read(data: bytes) -> Iterator[documents.Item]:
        try:
            for keys, value, kind in parse(documents.text(data), documents.DEPTH):
                yield keys, None if value is None or kind == "null" else clean(value), kind
        except jsontext.JSONError as error:
            raise documents.ContentError(str(error)) from None

    return read
