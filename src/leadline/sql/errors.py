"""What the engine raises.

SQLError
    a statement failed: to prepare, to run, by its deadline or by an interrupt
"""

from __future__ import annotations


class SQLError(Exception):
    """A statement failed. ``message`` is SQLite's sentence, ``code`` its primary result code (1, 9, 19, 23, …)."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
