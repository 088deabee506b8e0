"""Log lines on standard output."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from leadline.plugins.errors import PluginError
from leadline.plugins.kinds import Context, Status


class Stdout:
    """Prints result and snapshot lines, and status messages in a form of their own."""

    streams = {"result": ("result", "snapshot")}  # noqa: RUF012
    period = 0.0
    most = 1024
    patience = 60.0

    def __init__(self, context: Context) -> None:
        """Nothing is to be set."""

    def start(self) -> None:
        """Standard output is always there."""

    def mark(self, stream: str) -> str:  # noqa: ARG002
        """What was printed cannot be looked at again."""
        return ""

    def send(self, stream: str, lines: Sequence[str], receipt: str) -> str:  # noqa: ARG002
        """Print the lines."""
        show("\n".join(lines))
        return receipt

    def status(self, message: Status) -> None:
        """``severity=N location=FILE:LINE message=…``."""
        try:
            show(f"severity={message.severity} location={message.filename}:{message.line} message={message.message}")
        except PluginError:
            pass  # nobody reads any more; the result lines wait for somebody

    def cancel(self) -> None:
        """Printing cannot be cut short."""

    def close(self) -> None:
        """Standard output stays open."""


def show(text: str) -> None:
    """Print a text and a newline. Raises PluginError when it cannot be written."""
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
        sys.stdout.buffer.flush()
    except OSError as error:
        raise PluginError(f"Cannot write to standard output: {error.strerror}") from error
