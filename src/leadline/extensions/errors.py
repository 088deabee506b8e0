"""What goes wrong between a program and its extensions.

ExtensionError
    a call failed; the text is a sentence for the log
    ├─ GoneError          nobody listens on the socket
    ├─ SlowError          no answer within the time
    ├─ CancelledError     the caller wants no answer any more
    ├─ AnswerError        what came is no answer of this protocol, or is larger than what is read
    └─ RefusedError       the other side answered, and the answer is no
"""

from __future__ import annotations


class ExtensionError(Exception):
    """A call failed."""


class GoneError(ExtensionError):
    """Nobody listens, or the other side hung up."""


class SlowError(ExtensionError):
    """The time is over."""


class CancelledError(ExtensionError):
    """The caller gave up."""


class AnswerError(ExtensionError):
    """Bytes that are not what they should be."""


class RefusedError(ExtensionError):
    """An answer that says no."""
