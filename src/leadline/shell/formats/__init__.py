"""The output modes: functions from results to pieces of text, which may be written while rows still come.

A result is anything with ``columns`` (a tuple of names) that yields rows. When reading rows raises SQLError, each
format first yields what osquery prints in that case and then raises it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from leadline.sql.schema import Row

    class Rows(Protocol):
        """One statement's answer."""

        @property
        def columns(self) -> tuple[str, ...]: ...

        def __iter__(self) -> Iterator[Row]: ...
