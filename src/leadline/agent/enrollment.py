"""The node key: kept, and got by enrolling when there is none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock
from time import monotonic, time

from leadline.agent.state import State
from leadline.flags import Flags
from leadline.plugins.errors import RefusedError
from leadline.plugins.kinds import Enroll

log = logging.getLogger(__name__)

DOMAIN = "configurations"

SHORT_LIFE = 600.0
"""Seconds; a key that dies sooner was probably taken away by another machine that enrolls as the same host."""


class Enrollment:
    """Gives every thread the same key; one of them enrolls while the others wait for it."""

    def __init__(self, flags: Flags, state: State, plugin: Enroll, clock: Callable[[], float] = time) -> None:
        self.flags = flags
        self.state = state
        self.plugin = plugin
        self.clock = clock
        self.lock = Lock()
        self.short_lives = 0
        self.earliest = 0.0  # of the next enrollment, on the monotonic clock
        if flags.on("enroll_always"):
            self.forget()

    def key(self) -> str:
        """The node key; empty when ``disable_enrollment`` is on. Raises PluginError."""
        if self.flags.on("disable_enrollment"):
            return ""
        stored = self.state.get(DOMAIN, "nodeKey")
        if stored:
            return stored
        with self.lock:
            stored = self.state.get(DOMAIN, "nodeKey")
            if stored:
                return stored
            wait = self.earliest - monotonic()
            if wait > 0:
                raise RefusedError(f"The last node key was taken back too soon: enrolling again in {wait:.0f} s", wait)
            asked = int(self.clock())
            key = self.plugin.enroll()
            with self.state.transaction():
                self.state.put(DOMAIN, "nodeKey", key)
                self.state.put(DOMAIN, "nodeKeyTime", str(asked))
            log.info("Enrolled at %s", self.flags.text("tls_hostname"))
            return key

    def invalid(self, key: str) -> None:
        """Forget a key that the server does not know, unless another one took its place already."""
        with self.state.transaction():
            if self.state.get(DOMAIN, "nodeKey") != key:
                return
            lived = self.clock() - float(self.state.get(DOMAIN, "nodeKeyTime") or 0)
            self.forget()
        self.short_lives = self.short_lives + 1 if 0 <= lived < SHORT_LIFE else 0
        pause = min((max(1, self.short_lives) - 1) ** 2, self.flags.number("tls_enroll_max_interval"))
        self.earliest = monotonic() + pause
        hint = (
            f"; it has done so {self.short_lives} times soon after enrolling: does another machine enroll with the same"
            " host identifier?"
            if self.short_lives > 1
            else ""
        )
        log.warning("The server does not know the node key any more: enrolling again%s", hint)

    def forget(self) -> None:
        """Enroll at the next request."""
        with self.state.transaction():
            self.state.remove(DOMAIN, "nodeKey")
            self.state.remove(DOMAIN, "nodeKeyTime")
