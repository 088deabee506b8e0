"""The function that waits."""

from __future__ import annotations

from time import monotonic
from time import sleep as pause

import apsw

from leadline.sql.functions.arguments import integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from leadline.sql.functions import Settings
    from leadline.sql.schema import Value

STEP = 0.05  # seconds between two looks at whether the statement was cancelled


def sleep(settings: Settings) -> Callable[[Value], int]:
    """Make ``sleep(seconds)``: waits and gives the seconds back, or 0 at once when they are negative.

    Raises apsw.InterruptError within a twentieth of a second when the statement is cancelled: SQLite itself would
    not look at the clock before the next row.
    """

    def call(value: Value) -> int:
        seconds = max(integer(value), 0)
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            if settings.stopped():
                raise apsw.InterruptError("interrupted")
            pause(min(left, STEP))
        return seconds

    return call
