"""The osquery_extensions table."""

from __future__ import annotations

from leadline import OSQUERY_VERSION
from leadline.sql.schema import ALL, BIGINT, TEXT, Column, Query, Rows, table
from leadline.tables.osquery import runtime


@table(
    "osquery_extensions",
    Column("uuid", BIGINT, "Number that the extension was given when it registered; 0 for the program itself."),
    Column("name", TEXT, "Name of the extension."),
    Column("version", TEXT, "Version of the extension.", collate="version"),
    Column("sdk_version", TEXT, "Version of the SDK it was built with.", collate="version"),
    Column("path", TEXT, "Socket that it listens on."),
    Column("type", TEXT, "`core` for the program itself, else `extension`."),
    platforms=ALL,
    utility=True,
    examples=["SELECT name, version, path FROM osquery_extensions"],
    notes="The first row is the program that answers.",
)
def osquery_extensions(query: Query) -> Rows:
    """Extensions that are registered with this program, and the program itself."""
    program = runtime.of(query)
    known = list(program.extensions()) if program else []
    yield from known or [(0, "core", OSQUERY_VERSION, "0.0.0", "", "core")]
