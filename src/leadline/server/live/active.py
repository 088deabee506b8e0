"""A running live query in memory: the state of every target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from leadline.server.domain.live import OPEN_STATES, RUNNING, Totals, totals


class Active:
    """One running live query. ``waiting`` are the targets that may still answer; times in milliseconds."""

    __slots__ = (
        "counts",
        "expires_at",
        "id",
        "query",
        "rows",
        "sends",
        "sent_at",
        "seq",
        "status",
        "targets",
        "waiting",
    )

    def __init__(
        self, id: int, query: str, expires_at: int, targets: Iterable[tuple[int, str]], seq: int = 0, rows: int = 0
    ) -> None:
        self.id = id
        self.query = query
        self.expires_at = expires_at
        self.seq = seq
        self.rows = rows
        self.status = RUNNING
        self.targets = dict(targets)
        self.counts = Counter(self.targets.values())
        self.waiting = {host_id for host_id, state in self.targets.items() if state in OPEN_STATES}
        self.sends: dict[int, int] = {}
        self.sent_at: dict[int, int] = {}

    def move(self, host_id: int, state: str) -> None:
        """Put a target into another state."""
        self.counts[self.targets[host_id]] -= 1
        self.counts[state] += 1
        self.targets[host_id] = state
        if state not in OPEN_STATES:
            self.waiting.discard(host_id)
            self.sends.pop(host_id, None)
            self.sent_at.pop(host_id, None)

    @property
    def totals(self) -> Totals:
        """Targets by state, and stored rows."""
        return totals(self.counts, self.rows)
