"""Loading the configuration: once at the start, and again in a thread of its own."""

from __future__ import annotations

import logging
from threading import Event, Thread
from typing import Any

from leadline.agent.configuration import EMPTY, Configuration, Problem, load
from leadline.agent.runtime import AgentRuntime
from leadline.agent.state import State
from leadline.flags import FlagError, Flags
from leadline.plugins.errors import PluginError
from leadline.plugins.kinds import Config

log = logging.getLogger(__name__)

DOMAIN = "configurations"
BACKUP = "config_persistence."


class Configurator(Thread):
    """Holds the configuration in ``current``; a new one replaces it as a whole."""

    def __init__(self, flags: Flags, state: State, plugin: Config, runtime: AgentRuntime, stopping: Event) -> None:
        super().__init__(name="config", daemon=True)
        self.flags = flags
        self.state = state
        self.plugin = plugin
        self.runtime = runtime
        self.stopping = stopping
        self.wake = Event()
        self.current: Configuration = EMPTY
        self.texts: dict[str, str] | None = None
        self.failed = False

    def load(self) -> list[Problem]:
        """Read the configuration and use it, unless it is what is used already; returns what is wrong with it.

        Raises PluginError when it could not be had.
        """
        self.failed = True
        texts = self.plugin.read()
        self.failed = False
        return self.use(texts) if texts != self.texts else []

    def use(self, texts: dict[str, str]) -> list[Problem]:
        """Make these sources the configuration."""
        configuration = load(texts, self.current)
        problems = [*configuration.problems, *apply_options(self.flags, configuration)]
        self.texts = texts
        self.current = self.runtime.configuration = configuration
        self.runtime.valid = not configuration.problems
        return problems

    def start_up(self) -> None:
        """The first load; when it fails, the backup. The agent runs in any case."""
        try:
            problems = self.load()
        except PluginError as error:
            log.warning("Error reading config: %s", error)
            backup = self.backed_up()
            problems = self.use(backup) if backup else []
            if backup:
                log.warning("Using the backup of the configuration")
        else:
            self.back_up()
        self.tell(problems)

    def run(self) -> None:
        """Load again every ``config_refresh`` seconds, on a wake-up, and sooner after a failure."""
        while not self.stopping.is_set():
            self.wake.wait(self.delay())
            self.wake.clear()
            if not self.stopping.is_set():
                self.refresh()

    def delay(self) -> float | None:
        """Seconds until the next load; None waits for a wake-up."""
        if self.failed:
            return max(1.0, self.flags.real("config_accelerated_refresh"))
        return self.flags.real("config_refresh") or None

    def refresh(self) -> None:
        """Load, and tell what is wrong."""
        try:
            before = self.current
            problems = self.load()
            if self.current is not before:
                self.back_up()
            self.tell(problems)
        except PluginError as error:
            if not self.stopping.is_set():
                log.warning("Error reading config: %s", error)
        except Exception:
            self.failed = True
            log.exception("Loading the configuration failed")

    def tell(self, problems: list[Problem]) -> None:
        """Log what is wrong."""
        for problem in problems:
            log.warning("%s", problem)

    def back_up(self) -> None:
        """Keep the sources for a start without a server."""
        if not self.flags.on("config_enable_backup"):
            return
        with self.state.transaction():
            for key, _ in self.state.items(DOMAIN):
                if key.startswith(BACKUP):
                    self.state.remove(DOMAIN, key)
            for source, text in self.current.texts.items():
                self.state.put(DOMAIN, BACKUP + source, text)

    def backed_up(self) -> dict[str, str]:
        """The sources that were kept."""
        if not self.flags.on("config_enable_backup"):
            return {}
        items = self.state.items(DOMAIN)
        return {key.removeprefix(BACKUP): text for key, text in items if key.startswith(BACKUP)}

    def stop(self) -> None:
        """Called by another thread when ``stopping`` has been set."""
        self.plugin.cancel()
        self.wake.set()


def apply_options(flags: Flags, configuration: Configuration) -> list[Problem]:
    """Set the flags under ``options``, which win over the command line; those that are refused are problems."""
    problems = []
    for source, name, value in configuration.members("options"):
        text = option_text(value)
        if text is None:
            problems.append(Problem(source, 0, f"The option {name} should be a string, a number or a boolean"))
            continue
        try:
            if name.startswith("custom_") or flags.declaration(name) is None or flags.text(name) != text:
                flags.set(name, text)
        except FlagError as error:
            problems.append(Problem(source, 0, str(error)))
    return problems


def option_text(value: Any) -> str | None:
    """An option's value as the text of a flag; None when it is neither text, number nor boolean."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    return None
