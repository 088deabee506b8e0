"""Plugins of extensions for this program: found when they register, wherever they are at the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from typing import Any

from leadline.extensions.errors import CancelledError, ExtensionError, RefusedError
from leadline.extensions.manager import Manager, Reply
from leadline.plugins import errors
from leadline.plugins.extension import PROXIES, proxy


class Plugin:
    """One plugin by kind and name (leadline.plugins.extension.Remote)."""

    def __init__(self, manager: Manager, kind: str, name: str) -> None:
        self.manager = manager
        self.kind = kind
        self.name = name
        self.cancelled = Event()

    def call(self, request: Mapping[str, str]) -> Reply:
        """Send one request. Raises PluginError."""
        self.check()
        try:
            return self.manager.ask(self.kind, self.name, dict(request), self.cancelled.is_set)
        except ExtensionError as error:
            raise unreachable(error) from error

    @contextmanager
    def several(self) -> Iterator[Callable[[Mapping[str, str]], Reply]]:
        """Requests over one connection. Raises PluginError."""
        from leadline.extensions.calls import unpacked

        self.check()
        owner = self.manager.registry.owner(self.kind, self.name)
        if owner is None:
            raise unreachable(RefusedError(f"No extension offers the {self.kind} {self.name}"))
        peer = self.manager.peer(owner)
        try:
            with peer.connection(cancelled=self.cancelled.is_set) as invoke:
                yield lambda request: unpacked(
                    invoke("call", registry=self.kind, item=self.name, request=dict(request))
                )
        except ExtensionError as error:
            raise unreachable(error) from error

    def check(self) -> None:
        """Raises PluginError when nothing is to be called any more."""
        if self.cancelled.is_set():
            raise unreachable(CancelledError("The call was cancelled"))

    def cancel(self) -> None:
        """End the call that another thread is in, and every later one."""
        self.cancelled.set()


def unreachable(error: ExtensionError) -> errors.UnreachableError:
    """What a plugin raises."""
    return errors.UnreachableError("extension", str(error))


def find(manager: Manager, kind: str, name: str) -> Callable[[Any], Any] | None:
    """What makes the plugin of a name, waiting ``extensions_timeout`` seconds for an extension that offers it."""
    if kind not in PROXIES:
        return None
    registry = manager.registry
    if not registry.wait(lambda: registry.owner(kind, name), manager.timeout(), manager.stopped):
        return None
    return proxy(kind, Plugin(manager, kind, name))
