"""Which distributed queries ended the agent: those are not run again for a while.

A query is noted while it runs; a note that is still there at the next start says that the process ended without
warning. When only one ran, that was it. When several ran at once nobody knows which it was, and the innocent ones shall
not be refused: they are suspects, of which each runs alone the next time it is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from time import time

from leadline.agent.state import State
from leadline.flags import Flags

RUNNING = "distributed_running"
DENYLIST = "distributed_denylist"
SUSPECTS = "distributed_suspects"


class Suspects:
    """The notes in the state, by the digest of the SQL. Any thread may use it."""

    def __init__(self, flags: Flags, state: State, clock: Callable[[], float] = time) -> None:
        self.flags = flags
        self.state = state
        self.clock = clock
        self.look_back()

    def look_back(self) -> None:
        """At the start: draw conclusions from what ran when the last process ended."""
        with self.state.transaction():
            left = self.state.items(RUNNING)
            for mark, since in left:
                self.state.remove(RUNNING, mark)
                self.state.put(DENYLIST if len(left) == 1 else SUSPECTS, mark, since)
            for domain in (DENYLIST, SUSPECTS):
                for mark, since in self.state.items(domain):
                    if not self.recent(since):
                        self.state.remove(domain, mark)

    def recent(self, since: str) -> bool:
        """Whether a note is younger than ``distributed_denylist_duration``."""
        return self.clock() - float(since) < self.flags.number("distributed_denylist_duration")

    def denied(self, sql: str) -> bool:
        """Whether the query is not to be run."""
        since = self.state.get(DENYLIST, digest(sql))
        return since is not None and self.recent(since)

    def suspect(self, sql: str) -> bool:
        """Whether the query is to run alone."""
        since = self.state.get(SUSPECTS, digest(sql))
        return since is not None and self.recent(since)

    def begin(self, sql: str) -> None:
        """The query runs from now on."""
        self.state.put(RUNNING, digest(sql), str(int(self.clock())))

    def end(self, sql: str) -> None:
        """It has run."""
        with self.state.transaction():
            self.state.remove(RUNNING, digest(sql))
            self.state.remove(SUSPECTS, digest(sql))


def digest(sql: str) -> str:
    """The SHA-256 of the SQL."""
    return sha256(sql.encode("utf-8", "replace")).hexdigest()
