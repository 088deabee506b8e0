"""The agent's extensions: their socket, those that it starts itself, and tables from files."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

from leadline.agent import buffer
from leadline.agent.errors import CatastropheError
from leadline.extensions import autoload
from leadline.extensions.children import Children
from leadline.extensions.core import Core
from leadline.extensions.errors import ExtensionError, RefusedError
from leadline.extensions.loading import arguments, load_files, own
from leadline.extensions.manager import Manager
from leadline.plugins.errors import PluginError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.agent.agent import Agent

log = logging.getLogger(__name__)


class Extensions:
    """What the step holds while it is started."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.flags = agent.flags
        self.children = Children()
        self.manager: Manager | None = None

    def start(self) -> None:
        """Load tables from files, serve the socket, start the programs and wait for those that are required.

        Raises CatastropheError when a required one is not there in time.
        """
        load_files(self.flags, self.agent.runtime.attachments, lambda sentence: log.warning("%s", sentence))
        checking = self.flags.on("config_check") or self.flags.on("config_dump")
        required = [name.strip() for name in self.flags.text("extensions_require").split(",") if name.strip()]
        if self.flags.on("disable_extensions"):
            if required and not checking:
                log.warning("Extensions are required (--extensions_require) and disabled (--disable_extensions)")
            return
        path = self.flags.text("extensions_socket")
        if checking:
            if own("config", self.flags.text("config_plugin")):
                return
            path, required = f"{path}-check{os.getpid()}", []
        try:
            self.serve(path)
        except ExtensionError as error:
            if required:
                raise CatastropheError(f"Cannot start the extension manager: {error}") from error
            log.warning("Extensions disabled: cannot start extension manager: %s", error)
            return
        self.autoload(path)
        self.require(required)

    def serve(self, path: str) -> None:
        """Let extensions come. Raises ExtensionError."""
        agent = self.agent
        manager = Manager(
            path, self.flags, agent.runtime.attachments, agent.open_engine, own, stopped=agent.stopping.is_set
        )
        manager.core = Core(
            manager.engines,
            self.flags,
            agent.state,
            self.log,
            lambda: sources(agent),
            lambda *source: push(agent, *source),
        )
        manager.start()
        self.manager = agent.runtime.extended = manager

    def log(self, kind: str, line: str) -> None:
        """A line of an extension, for every logger."""
        buffer.add(self.agent.state, self.agent.logger_names(), kind, [line])
        self.agent.wake_loggers()

    def autoload(self, path: str) -> None:
        """Start the programs of the list."""
        listing = self.flags.text("extensions_autoload")
        unsafe = self.flags.on("allow_unsafe")
        try:
            found = autoload.findings(listing, unsafe=unsafe) if listing else []
        except OSError as error:
            log.warning("Cannot read the list of extensions %s: %s", listing, error.strerror)
            return
        for finding in found:
            if finding.problem:
                log.warning("Will not autoload the extension %s: %s", finding.path, finding.problem)
            else:
                self.children.start(finding.path, arguments(self.flags, path), checker(finding.path, unsafe))

    def require(self, names: list[str]) -> None:
        """Wait for extensions. Raises CatastropheError naming those that have not come."""
        if self.manager is None or not names:
            return
        missing = self.manager.missing(names)
        if missing and not self.agent.stopping.is_set():
            self.stop()
            raise CatastropheError(f"Required extension not found or not loaded: {', '.join(missing)}")

    def plugin(self, kind: str, name: str) -> Callable[[Any], Any] | None:
        """What makes a plugin that an extension offers; None when none offers it in time."""
        if self.manager is None:
            return None
        from leadline.extensions.remotes import find

        return find(self.manager, kind, name)

    def stop(self) -> None:
        """End the extensions."""
        for child in self.children.children:
            child.ending.set()
        if self.manager is not None:
            self.manager.stop()
        self.children.stop()


def checker(path: str, unsafe: bool) -> Callable[[], str]:
    """What is asked before each start of a program: its file may have changed since the last."""
    return lambda: autoload.wrong(path, unsafe=unsafe)


def sources(agent: Agent) -> dict[str, str]:
    """The configuration in use, by source."""
    return dict(agent.configurator.texts or {}) if hasattr(agent, "configurator") else {}


def push(agent: Agent, source: str, text: str) -> None:
    """Take a source of the configuration. Raises RefusedError."""
    if not hasattr(agent, "configurator"):
        raise RefusedError("The configuration is not there yet")
    try:
        agent.configurator.push(source, text)
    except PluginError as error:
        raise RefusedError(str(error)) from error
