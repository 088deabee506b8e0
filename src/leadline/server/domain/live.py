"""Rules of live queries: states, totals, when one is over, what may be asked, what is kept of an answer.

A target moves through these states:

    offline ──checks in──▶ sent ──▶ answered (rows) | empty (no rows) | failed (the SQL's error) | timed_out
    queued  ──checks in──▶ sent
    queued  ──goes silent─▶ offline
    timed_out ──answers late─▶ answered | empty | failed

``offline`` targets stay open: they get the query when they come back within its validity window. So the rule for the
whole is: it is **running** while any target is queued, sent or offline; it is **finished** once none is; it has
**expired** when its window ends before that (what was sent by then counts as timed out; queued and offline targets
keep their state, which says that they never got the query); it is **cancelled** when a person ends it. Whoever only
cares for the hosts that are there looks at ``queued + sent == 0``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from leadline.server.errors import ApiError, invalid
from leadline.wire.osquery_tls import Row

QUEUED, SENT, OFFLINE = "queued", "sent", "offline"
ANSWERED, EMPTY, FAILED, TIMED_OUT = "answered", "empty", "failed", "timed_out"
OPEN_STATES = (QUEUED, SENT, OFFLINE)
ANSWERABLE = (QUEUED, SENT, OFFLINE, TIMED_OUT)
RUNNING, FINISHED, CANCELLED, EXPIRED = "running", "finished", "cancelled", "expired"

SENDS = 3
"""How often a host that comes back without an answer gets the query again (its agent was restarted meanwhile)."""
LONGEST_SQL = 64 << 10


class Totals(Struct, kw_only=True):
    """Hosts by state, disjoint: ``targeted`` is the sum of all but ``rows``, which counts stored rows."""

    targeted: int = 0
    queued: int = 0
    sent: int = 0
    answered: int = 0
    empty: int = 0
    failed: int = 0
    timed_out: int = 0
    offline: int = 0
    rows: int = 0

    @property
    def open(self) -> int:
        """Targets that may still answer."""
        return self.queued + self.sent + self.offline


class Outcome(Struct, kw_only=True):
    """What a live query came to on one host. ``rows`` is a JSON array, ``at`` in milliseconds."""

    live_query_id: int
    host_id: int
    state: str
    at: int
    error: str | None = None
    rows: bytes = b"[]"
    row_count: int = 0
    truncated: bool = False
    wall_time_ms: int = 0


def totals(states: Mapping[str, int], rows: int) -> Totals:
    """Totals from counts by state."""
    return Totals(**{state: states.get(state, 0) for state in (*OPEN_STATES, ANSWERED, EMPTY, FAILED, TIMED_OUT)},
                  targeted=sum(states.values()), rows=rows)  # fmt: skip


def check_sql(sql: str) -> str:
    """The SQL to send. Raises ApiError for one that is empty: agents never get rid of such a query (fleet.md 1.7)."""
    sql = sql.strip()
    if not sql.strip("; \t\r\n"):
        raise invalid("query", "the query is empty")
    if "\x00" in sql:
        raise invalid("query", "the query holds a NUL character")
    if len(sql) > LONGEST_SQL:
        raise invalid("query", f"the query is longer than {LONGEST_SQL} characters")
    return sql


def no_targets() -> ApiError:
    """400 in Fleet's words."""
    return ApiError(400, "Bad request", "no hosts targeted", name="selected")


def clip(rows: Sequence[Row], most_rows: int, most_bytes: int) -> tuple[bytes, int, bool]:
    """Rows as a JSON array that keeps within both limits; how many it holds; whether some were left out."""
    kept = rows[:most_rows]
    encoded = msgspec.json.encode(kept)
    while len(encoded) > most_bytes:
        # Rows are much alike: cut in proportion, a little below the mark, and look again.
        kept = kept[: min(len(kept) - 1, len(kept) * most_bytes * 95 // (len(encoded) * 100))]
        encoded = msgspec.json.encode(kept)
    return encoded, len(kept), len(kept) < len(rows)
