"""Errors of flags.

FlagError               bad command line or value
├── FlagFileError       a flag file that cannot be read
└── FlagRefusedError    the configuration may not set this flag
"""

from __future__ import annotations


class FlagError(Exception):
    """A flag that is unknown, or a value that does not fit; ``str()`` is gflags' text without its ``ERROR: ``."""

    def text(self) -> str:
        """All of what gflags prints on standard error, without the last newline."""
        return f"ERROR: {self}"


class FlagFileError(FlagError):
    """A flag file that cannot be read; gflags prints what perror(3) says."""

    def text(self) -> str:
        """What perror(3) prints, without the newline."""
        return str(self)


class FlagRefusedError(FlagError):
    """A flag that the configuration may not set; the text is fit for a warning."""
