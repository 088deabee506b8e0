"""The aggregate that asks for files."""

from __future__ import annotations

from leadline.sql.functions.arguments import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from leadline.sql.schema import Value

    class Agent(Protocol):
        """What this needs of leadline.tables.osquery.runtime.Runtime."""

        def flag(self, name: str) -> str: ...
        def carve(self, names: Sequence[str], patterns: Sequence[tuple[str, str]] = ()) -> tuple[str, str]: ...


STARTED = "Carve Started"
FAILED = "Carve Failed"


class Paths:
    """``carve(path)``: asks the program for one carve of all the paths, each taken as it is written.

    The answer is ``Carve Started`` or ``Carve Failed: `` with the reason.
    """

    __slots__ = ("agent", "paths")

    def __init__(self, agent: Agent | None) -> None:
        self.agent = agent
        self.paths: dict[str, None] = {}

    def step(self, path: Value = None) -> None:
        """One more path."""
        if path is not None:
            self.paths[text(path)] = None

    def final(self) -> str:
        """Ask."""
        if self.agent is None:
            return f"{FAILED}: nothing carves files here"
        if self.agent.flag("carver_disable_function") == "true":
            return f"{FAILED}: function disabled (--carver_disable_function)"
        _, reason = self.agent.carve(list(self.paths))
        return f"{FAILED}: {reason}" if reason else STARTED
