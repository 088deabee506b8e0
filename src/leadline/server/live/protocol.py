"""How the parts of a server tell each other that a live query moved.

A message says only *that* something changed: whoever wakes reads the store. So a slow reader misses nothing, and the
same reader works whether its query runs in this process or in another one.
"""

from __future__ import annotations

from typing import Protocol


class Signals(Protocol):
    """Topics are live query ids. Each has a version that grows with every signal."""

    def version(self, topic: int) -> int:
        """The version now; take it before reading the store."""

    def notify(self, topic: int) -> None:
        """Wake whoever waits for the topic."""

    async def wait(self, topic: int, version: int, seconds: float) -> bool:
        """Sleep until the topic is newer than ``version``; False after ``seconds`` or when closed."""

    def close(self) -> None:
        """Wake everybody; later waits return at once."""

    @property
    def closed(self) -> bool:
        """Whether the server is going down."""
