"""What plugins raise.

PluginError
    a plugin could not do what it was asked for; the text is a sentence for the log
    ├─ UnknownPluginError     no plugin has this name
    ├─ UnusableError          the plugin cannot work with these flags: no use trying again
    ├─ UnreachableError       a request did not get through; ``step`` is resolve, connect, proxy, tls, send or answer
    ├─ RefusedError           the other side answered, and the answer is no
    │  └─ InvalidNodeKeyError the server does not know this machine (any more)
    └─ IncompleteError        a logger's destination took some of the lines
"""

from __future__ import annotations

from collections.abc import Collection, Mapping


class PluginError(Exception):
    """``retry_after`` is the number of seconds the other side asks to wait, 0 when it does not say."""

    def __init__(self, message: str, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnknownPluginError(PluginError):
    """No plugin of the kind has the name."""


class UnusableError(PluginError):
    """The flags or the machine do not let the plugin work."""


class UnreachableError(PluginError):
    """The request failed on its way."""

    def __init__(self, step: str, message: str) -> None:
        super().__init__(message)
        self.step = step


class RefusedError(PluginError):
    """The server answered with an error; ``status`` is the number of its HTTP answer, 0 for other protocols."""

    def __init__(self, message: str, retry_after: float = 0, status: int = 0) -> None:
        super().__init__(message, retry_after)
        self.status = status


class InvalidNodeKeyError(RefusedError):
    """The server does not accept the node key."""


class IncompleteError(PluginError):
    """Of the lines that were to be delivered those at the positions ``left`` have to be sent again.

    Those at the positions ``refused`` the destination will never take, each for the reason given. All others were
    taken. Without ``left`` this is a success that has something to report.
    """

    def __init__(
        self, message: str, left: Collection[int], refused: Mapping[int, str] | None = None, retry_after: float = 0
    ) -> None:
        super().__init__(message, retry_after)
        self.left = frozenset(left)
        self.refused = dict(refused or {})
