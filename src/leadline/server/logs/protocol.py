"""What a destination of agents' log lines offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Destination(Protocol):
    """Takes lines of one kind. Lines are complete JSON objects without a line break."""

    async def append(self, lines: Sequence[bytes]) -> None:
        """Return when the lines are safe. Raises UnavailableError when they are not: the agent keeps them."""

    async def close(self) -> None:
        """Finish what was taken."""
