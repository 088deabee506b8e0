"""What goes wrong with a carve.

CarveError
    the carve has failed for good; ``status`` is what the carves table shows
StoppedError
    the agent ends: the carve goes on after its next start
"""

from __future__ import annotations

CREATE_PATHS_FAILED = "CREATE PATHS FAILED"
ARCHIVE_FAILED = "ARCHIVE FAILED"
COMPRESS_FAILED = "COMPRESS FAILED"
DATA_POST_FAILED = "DATA POST FAILED"


class CarveError(Exception):
    """No use trying again."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


class StoppedError(Exception):
    """The agent ends."""
