"""Reading the events that the running program has recorded."""

from __future__ import annotations

from leadline.sql.schema import GREATER, GREATER_EQUALS, LESS, LESS_EQUALS
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Query, Rows

_FIRST, _LAST = 0, (1 << 63) - 1


def rows(query: Query) -> Rows:
    """The recorded rows of the table in the order they were recorded, as far as the constraints on time allow."""
    assert query.table is not None
    program = runtime.of(query)
    first, last = window(query)
    recorded = program.events(query.table.name, first, last) if program else None
    if recorded is None:
        query.warn(f"Table {query.table.name} is event-based but events are disabled")
        return ()
    return recorded


def window(query: Query) -> tuple[int, int]:
    """The earliest and the latest second that the constraints on time allow."""
    first, last = _FIRST, _LAST
    seconds = [second for second in query.equals("time") or () if isinstance(second, int)]
    if seconds:
        first, last = min(seconds), max(seconds)
    for operator, value in query.matching("time"):
        if not isinstance(value, int | float):
            continue
        if operator in (GREATER, GREATER_EQUALS):
            first = max(first, int(value))
        elif operator in (LESS, LESS_EQUALS):
            last = min(last, int(value))
    return first, last
