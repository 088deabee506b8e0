"""The carves table."""

from __future__ import annotations

from leadline.sql.schema import ALL, BIGINT, GLOB, INTEGER, LIKE, TEXT, Column, Query, Rows, table
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@table(
    "carves",
    Column("time", BIGINT, "When the carve was asked for, in seconds since 1970."),
    Column("sha256", TEXT, "SHA-256 digest of the archive.", collate="nocase"),
    Column("size", BIGINT, "Size of the archive in bytes, -1 until it is made."),
    Column("path", TEXT, "Paths or patterns that were asked for, separated by commas.", additional=True),
    Column("status", TEXT, "SCHEDULED, STARTING, PENDING, SUCCESS, or what failed, such as DATA POST FAILED."),
    Column("carve_guid", TEXT, "Unique id of the carve.", index=True, collate="nocase"),
    Column("request_id", TEXT, "Id of the distributed query that started it; a random one when none did."),
    Column("carve", INTEGER, "Set to 1 to start a carve of the path.", additional=True),
    platforms=ALL,
    examples=[
        "SELECT time, path, status, size FROM carves ORDER BY time DESC",
        "SELECT * FROM carves WHERE path LIKE '/etc/ssh/%%' AND carve = 1",
    ],
    notes=(
        "Rows come from the running agent, which carries carves out when `disable_carver` is off; the shell has none"
        " and starts none. Each path of an IN list becomes a carve of its own; `SELECT carve(path) FROM file WHERE …`"
        " carves many paths at once."
    ),
)
def carves(query: Query) -> Rows:
    """Carves: archives of files that were sent to the server."""
    program = runtime.of(query)
    started = set(_started(query, program)) if 1 in (query.equals("carve") or ()) else set()
    for row in program.carves() if program else ():
        yield *row, int(row[5] in started)


def _started(query: Query, program: runtime.Runtime | None) -> Iterator[str]:
    """Ask for what the statement names; the ids of the carves."""
    names = query.equals("path")
    patterns = [
        (operator, value)
        for operator, value in query.matching("path")
        if operator in (LIKE, GLOB) and isinstance(value, str) and value
    ]
    for chosen in [[]] if names is None else [[name] for name in names if isinstance(name, str) and name]:
        guid, reason = program.carve(chosen, patterns) if program else ("", "no agent runs here; none was started")
        if guid:
            yield guid
        else:
            query.warn(f"No carve was started: {reason}")
