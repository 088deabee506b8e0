"""The node key: kept, and got by enrolling when there is none."""

from __future__ import annotations

import logging
from threading import Lock
from time import time

from leadline.agent.state import State
from leadline.flags import Flags
from leadline.plugins.kinds import Enroll

log = logging.getLogger(__name__)

DOMAIN = "configurations"


class Enrollment:
    """Gives every thread the same key; one of them enrolls while the others wait for it."""

    def __init__(self, flags: Flags, state: State, plugin: Enroll) -> None:
        self.flags = flags
        self.state = state
        self.plugin = plugin
        self.lock = Lock()
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
            key = self.plugin.enroll()
            with self.state.transaction():
                self.state.put(DOMAIN, "nodeKey", key)
                self.state.put(DOMAIN, "nodeKeyTime", str(int(time())))
            log.info("Enrolled at %s", self.flags.text("tls_hostname"))
            return key

    def invalid(self, key: str) -> None:
        """Forget a key that the server does not know, unless another one took its place already."""
        with self.state.transaction():
            if self.state.get(DOMAIN, "nodeKey") == key:
                self.forget()
                log.warning("The server does not know the node key any more: enrolling again")

    def forget(self) -> None:
        """Enroll at the next request."""
        with self.state.transaction():
            self.state.remove(DOMAIN, "nodeKey")
            self.state.remove(DOMAIN, "nodeKeyTime")
