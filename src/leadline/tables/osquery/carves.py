"""The carves table."""

from __future__ import annotations

from leadline.sql.schema import ALL, BIGINT, INTEGER, TEXT, Column, Query, Rows, table
from leadline.tables.osquery import runtime


@table(
    "carves",
    Column("time", BIGINT, "When the carve was asked for, in seconds since 1970."),
    Column("sha256", TEXT, "SHA-256 digest of the archive.", collate="nocase"),
    Column("size", BIGINT, "Size of the archive in bytes."),
    Column("path", TEXT, "Paths that were asked for, separated by commas.", additional=True),
    Column("status", TEXT, "How far it is: PENDING, STARTING, SUCCESS and so on."),
    Column("carve_guid", TEXT, "Unique id of the carve.", index=True, collate="nocase"),
    Column("request_id", TEXT, "Id of the request that started it."),
    Column("carve", INTEGER, "Set to 1 to start a carve of the path.", additional=True),
    platforms=ALL,
    examples=["SELECT time, path, status, size FROM carves ORDER BY time DESC"],
    notes="Rows come from the running agent, which carries carves out; the shell has none and starts none.",
)
def carves(query: Query) -> Rows:
    """Carves: archives of files that were sent to the server."""
    program = runtime.of(query)
    if 1 in (query.equals("carve") or ()):
        query.warn("carves are carried out by an agent that has a server to send them to; none was started")
    return program.carves() if program else ()
