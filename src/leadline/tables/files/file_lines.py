"""The file_lines table."""

from __future__ import annotations

from leadline.linux import lines
from leadline.linux.text import decode
from leadline.sql.schema import (
    BIGINT,
    GREATER,
    GREATER_EQUALS,
    LESS,
    LESS_EQUALS,
    LINUX,
    TEXT,
    Column,
    Query,
    Rows,
    table,
)
from leadline.tables import namespaces
from leadline.tables.files import documents
from leadline.tables.namespaces import MOUNT_NAMESPACE_ID, PID_WITH_NAMESPACE

_ENDLESS = 1 << 63


@table(
    "file_lines",
    documents.PATH,
    Column("line", TEXT, "The line without its end; of a longer one its first MiB."),
    Column("number", BIGINT, "Number of the line, from 1.", additional=True),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    ours=True,
    examples=[
        "SELECT line FROM file_lines WHERE path = '/etc/hosts'",
        "SELECT path, number, line FROM file_lines WHERE path LIKE '/etc/ssh/%' AND line LIKE '%PermitRootLogin%'",
        "SELECT line FROM file_lines WHERE path = '/var/log/syslog' AND number BETWEEN 1000 AND 1100",
    ],
    notes="Any file that the program may read, of any size: lines come one at a time, and a constraint on `number` or a"
    " LIMIT ends the reading. Bytes that are no UTF-8 are shown as `\\xHH`.",
)
def file_lines(query: Query) -> Rows:
    """Lines of text files, one row for each."""
    lowest, highest = _range(query)
    for root, end in namespaces.roots(query):
        for path, place in documents.selected(root, query):
            for number, line in enumerate(lines.read(place), 1):
                if number > highest:
                    break
                if number >= lowest:
                    yield (path, decode(line), number, *end)
                elif not number % 4096 and query.cancelled():
                    return


def _range(query: Query) -> tuple[int, int]:
    """The lowest and the highest number that the constraints allow."""
    wanted = query.equals("number")
    lowest, highest = 1, _ENDLESS
    if wanted is not None:
        numbers = [number for number in wanted if isinstance(number, int)]
        lowest, highest = min(numbers, default=1), max(numbers, default=0)
    for operator, value in query.matching("number"):
        if not isinstance(value, int):
            continue
        if operator in (GREATER, GREATER_EQUALS):
            lowest = max(lowest, value + (operator == GREATER))
        elif operator in (LESS, LESS_EQUALS):
            highest = min(highest, value - (operator == LESS))
    return lowest, highest
