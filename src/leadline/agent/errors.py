"""What the agent raises.

AgentError
    the agent cannot go on as asked; ``code`` is the exit code
    └─ CatastropheError
       it makes no sense to start again (exit code 78): the state cannot be opened, a plugin does not exist
"""

from __future__ import annotations

EXIT_CATASTROPHIC = 78
"""The exit code after which nobody shall start the daemon again."""


class AgentError(Exception):
    """The agent ends with this sentence and exit code."""

    code = 1


class CatastropheError(AgentError):
    """A failure that a restart would only repeat."""

    code = EXIT_CATASTROPHIC
