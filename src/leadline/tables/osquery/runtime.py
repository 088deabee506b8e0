"""What the program around the engine tells the osquery_* tables about itself."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Protocol, cast

    from leadline.sql.schema import Query, Row, Value

    class Runtime(Protocol):
        """The shell and the agent each have one and hand it to the engine."""

        def info(self) -> Mapping[str, object]:
            """Values for columns of osquery_info, by column name; what is left out keeps its default."""

        def flag(self, name: str) -> str:
            """The value of one flag, as text."""

        def section(self, key: str) -> object:
            """What the configuration holds under a key of its own level, as JSON decodes it; None when nothing."""

        def flags(self) -> Iterable[Row]:
            """Each flag: name, type, description, default value, value, whether only the shell has it (0 or 1), where
            the value comes from.
            """

        def registry(self) -> Iterable[tuple[str, str, int, int, int]]:
            """Each plugin: registry, name, uuid of the owner (0 for our own), internal and active (0 or 1)."""

        def schedule(self) -> Iterable[Row]:
            """Rows of osquery_schedule."""

        def packs(self) -> Iterable[Row]:
            """Rows of osquery_packs."""

        def publishers(self) -> Iterable[Row]:
            """Rows of osquery_events; none while no event is recorded."""

        def extensions(self) -> Iterable[Row]:
            """Rows of osquery_extensions, our own first; none while extensions cannot come."""

        def carves(self) -> Iterable[Row]:
            """Rows of carves without the last column."""

        def carve(self, names: Sequence[str], patterns: Sequence[tuple[str, str]] = ()) -> tuple[str, str]:
            """Ask for a carve of the files of these names, or without any of those that match all the patterns.

            A pattern is an operator, LIKE or GLOB, and a text. The carve's id and an empty text, or an empty id and
            why there will be none.
            """

        def events(self, table: str, first: int, last: int) -> Iterable[Row] | None:
            """Recorded rows of an event table with a time from ``first`` to ``last``; None when none are recorded."""


def of(query: Query) -> Runtime | None:
    """The runtime of the program that runs the query; None for an engine that was opened on its own."""
    if TYPE_CHECKING:
        return cast("Runtime | None", query.runtime)
    return query.runtime


def value(known: object) -> Value:
    """A value from :meth:`Runtime.info` as a column value."""
    return known if isinstance(known, (str, int, float)) else None


def text(query: Query, flag: str, default: str) -> str:
    """The value of a flag of the program that runs the query."""
    source = of(query)
    return source.flag(flag) if source else default


def number(query: Query, flag: str, default: int) -> int:
    """The value of a numeric flag of the program that runs the query."""
    found = text(query, flag, "")
    return int(found) if found.isascii() and found.isdigit() else default


def switch(query: Query, flag: str, default: bool) -> bool:
    """Whether a boolean flag of the program that runs the query is on."""
    found = text(query, flag, "")
    return found == "true" if found else default


def section(query: Query, key: str) -> object:
    """The value under a key of the program's configuration, as JSON decodes it; None when it is not there."""
    source = of(query)
    return source.section(key) if source else None
