"""What the plugins of extensions have in common: their calls go to another process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, Protocol

from leadline.plugins.errors import RefusedError
from leadline.plugins.kinds import Context

Rows = list[dict[str, str]]
Reply = tuple[int, str, Rows]
"""Code (0 for success), message and rows."""


class Remote(Protocol):
    """The way to one plugin of whichever extension offers it at the time."""

    name: str

    def call(self, request: Mapping[str, str]) -> Reply:
        """Send one request. Raises PluginError when no answer comes."""

    def several(self) -> AbstractContextManager[Callable[[Mapping[str, str]], Reply]]:
        """A function that sends requests one after the other over one connection, each as :meth:`call` does."""

    def cancel(self) -> None:
        """End the call that another thread is in, and every later one."""


PROXIES: Mapping[str, str] = {
    "config": "leadline.plugins.config.extension:Extension",
    "logger": "leadline.plugins.logger.extension:Extension",
    "distributed": "leadline.plugins.distributed.extension:Extension",
    "enroll": "leadline.plugins.enroll.extension:Extension",
}
"""The kinds of plugins that extensions can offer to the agent: kind → ``module:Class``, made of a Remote."""


def proxy(kind: str, remote: Remote) -> Callable[[Context], Any]:
    """What :func:`leadline.plugins.kinds.find` would return for a plugin of ours."""
    module, _, attribute = PROXIES[kind].partition(":")
    made = getattr(import_module(module), attribute)
    return lambda context: made(context, remote)


def succeeded(kind: str, name: str, reply: Reply) -> Rows:
    """The rows of an answer. Raises RefusedError when it says no."""
    code, message, rows = reply
    if code != 0:
        raise RefusedError(f"The {kind} plugin {name} of an extension answered: {message or f'code {code}'}")
    return rows


def merged(rows: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """The members of all rows."""
    for row in rows:
        yield from row.items()
