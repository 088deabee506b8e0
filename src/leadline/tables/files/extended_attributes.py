"""The extended_attributes table."""

from __future__ import annotations

from leadline.linux import rooted, xattr
from leadline.linux.text import clean
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.files import selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@table(
    "extended_attributes",
    Column("path", TEXT, "Path of the file.", required=True, optimized=True),
    Column("directory", TEXT, "Directory it lies in.", required=True, optimized=True),
    Column("key", TEXT, "Name of the attribute, such as `user.mime_type`."),
    Column("value", TEXT, "Its value; capabilities are spelled out, as in `cap_net_raw=ep`."),
    Column("base64", INTEGER, "1 when the value is given in base64, else 0."),
    platforms=LINUX,
    examples=[
        "SELECT key, value FROM extended_attributes WHERE path = '/usr/bin/ping'",
        "SELECT path, value FROM extended_attributes WHERE directory = '/usr/bin' AND key = 'security.capability'",
    ],
    notes=(
        "A value is plain when it is printable and ends in a NUL, as security labels do; everything else, also most"
        " values of `user.` attributes, is base64. Attributes named `trusted.` show to root only. Links are followed."
    ),
)
def extended_attributes(query: Query) -> Rows:
    """Extended attributes of files, among them capabilities, security labels and access control lists."""
    for path, directory in _files(query):
        for key, value in xattr.attributes(rooted.path(query.root, path)):
            text, encoded = xattr.text(key, value)
            yield clean(path), clean(directory), key, text, int(encoded)


def _files(query: Query) -> Iterator[tuple[str, str]]:
    for path, _ in selection.by_path(query.root, query):
        yield path, selection.parent(path)
    for directory, path, _ in selection.by_directory(query.root, query):
        if query.cancelled():
            return
        yield path, directory
