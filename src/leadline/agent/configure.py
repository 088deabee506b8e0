"""Loading the configuration: once at the start, and again in a thread of its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread
from time import time
from typing import Any

from leadline.agent import discovery, views
from leadline.agent.atc import Constructed
from leadline.agent.configuration import EMPTY, Configuration, Fetch, Problem, load
from leadline.agent.decorators import Decorators
from leadline.agent.discovery import Discovery
from leadline.agent.engines import interrupt
from leadline.agent.packs import Machine, schedule, suited
from leadline.agent.runtime import AgentRuntime
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.plugins.errors import PluginError
from leadline.plugins.kinds import Config, PackText
from leadline.sql.engine import Engine

log = logging.getLogger(__name__)

DOMAIN = "configurations"
BACKUP = "config_persistence."
BACKUP_PACKS = "config_packs"

MAX_PUSHED = 64
"""Sources that extensions may bring."""


class Configurator(Thread):
    """Holds the configuration in ``current``; a new one replaces it as a whole."""

    def __init__(
        self,
        flags: Flags,
        state: State,
        plugin: Config,
        runtime: AgentRuntime,
        stopping: Event,
        *,
        open_engine: Callable[[], Engine],
        machine: Callable[[], Machine],
        clock: Callable[[], float] = time,
    ) -> None:
        super().__init__(name="config", daemon=True)
        self.flags = flags
        self.state = state
        self.plugin = plugin
        self.runtime = runtime
        self.stopping = stopping
        self.open_engine = open_engine
        self.machine = machine
        self.wake = Event()
        self.loaded = Event()
        """Set when a load that ``wake`` asked for has ended, well or not."""
        self.current: Configuration = EMPTY
        self.texts: dict[str, str] | None = None
        self.failed = False
        self.told: list[Problem] = []
        self.pushed: dict[str, str] = {}
        self.pushing = Lock()
        self.constructed = Constructed(flags, runtime.attachments)
        self.discovery = runtime.discovery = Discovery(clock)
        self.engine: Engine | None = None

    def load(self) -> list[Problem] | None:
        """Read the configuration and use it; what is wrong with it, None when it is what is used already.

        Raises PluginError when it could not be had.
        """
        self.failed = True
        texts = self.plugin.read()
        self.failed = False
        with self.pushing:
            texts = {**self.pushed, **texts}
        if texts == self.texts and not self.packs_changed():
            return None
        return self.use(texts, self.plugin.packs)

    def packs_changed(self) -> bool:
        """Whether a pack outside of the sources is another one than at the last load."""
        for (name, value), before in self.current.fetched.items():
            try:
                found: tuple[PackText, ...] | str = tuple(self.plugin.packs(name, value))
            except PluginError as error:
                found = str(error)
            if found != before.last:
                return True
        return False

    def use(self, texts: dict[str, str], fetch: Fetch) -> list[Problem]:
        """Make these sources the configuration; what is wrong with it."""
        configuration = load(texts, self.current, fetch)
        found = self.apply(configuration)
        self.texts = texts
        return [*configuration.problems, *found]

    def check(self, texts: dict[str, str]) -> list[Problem]:
        """What is wrong with sources, without asking packs for whom they are."""
        configuration = load(texts, EMPTY, self.plugin.packs)
        problems = [*configuration.problems, *self.provide(configuration)]
        for pack in configuration.packs:
            problems += discovery.problems(pack, configuration.problem)
        decorators = Decorators()
        decorators.configuration = configuration
        self.publish(configuration)
        return [*problems, *schedule(configuration, self.machine())[1], *decorators.problems()]

    def apply(self, configuration: Configuration) -> list[Problem]:
        """Set its options, make its tables and views, ask its packs, and publish it."""
        machine = self.machine()
        packs = (pack for pack in configuration.packs if suited(pack, machine))
        self.discovery.keep((*configuration.mains(), *packs))
        configuration = self.judged(configuration)
        problems = [
            problem for pack in configuration.packs for problem in discovery.problems(pack, configuration.problem)
        ]
        found = self.provide(configuration)
        if self.discover(self.discovery.due(float("inf"))):
            configuration = self.judged(configuration)
            found = self.provide(configuration)
        self.publish(configuration)
        return [*problems, *found]

    def provide(self, configuration: Configuration) -> list[Problem]:
        """Set the options, make the tables and the views; what is wrong with them."""
        attachments = self.runtime.attachments
        problems = apply_options(self.flags, configuration)
        problems += self.constructed.use(configuration, self.machine().platform)
        wanted, refused = views.wanted(configuration, self.constructed.names())
        if wanted != attachments.views:
            attachments.views = wanted
        problems += refused
        if wanted:
            with self.open_engine() as engine:
                problems += views.tried(configuration, wanted, engine)
        return problems

    def judged(self, configuration: Configuration) -> Configuration:
        """The configuration with the packs switched off that are not for this machine, as far as that is known."""
        verdicts = self.discovery.verdicts
        off = {pack.key for pack in configuration.packs if pack.key not in verdicts or not verdicts[pack.key].active}
        return configuration._replace(inactive=frozenset(off))

    def discover(self, keys: list[tuple[str, str]]) -> bool:
        """Ask whether packs are for this machine; whether any answer is another one than before."""
        changed = False
        if any(self.discovery.verdicts[key].queries for key in keys):
            self.engine = self.open_engine()
        try:
            for key in keys:
                if not self.stopping.is_set():
                    changed |= self.discovery.evaluate(key, self.ask)
        finally:
            engine, self.engine = self.engine, None
            if engine is not None:
                engine.close()
        return changed

    def ask(self, sql: str) -> bool:
        """Whether SQL returns a row. Raises SQLError."""
        assert self.engine is not None
        result = self.engine.query(sql)
        found = next(result, None) is not None
        result.close()
        return found

    def publish(self, configuration: Configuration) -> None:
        """Let others see it."""
        self.current = self.runtime.configuration = configuration
        self.runtime.valid = not configuration.broken

    def scheduled(self) -> Configuration:
        """The configuration, for the scheduler: each time the verdicts on the packs count as used."""
        self.discovery.used()
        return self.current

    def start_up(self) -> None:
        """The first load; when it fails, the backup. The agent runs in any case."""
        try:
            problems = self.load()
        except PluginError as error:
            log.warning("Error reading config: %s", error)
            texts, packs = self.backed_up()
            problems = self.use(texts, fetched_from(packs)) if texts else []
            if texts:
                self.texts = None  # what the plugin brings is to be used even if it is the same
                log.warning("Using the backup of the configuration")
        else:
            self.back_up()
        self.tell(problems or [])

    def run(self) -> None:
        """Load again every ``config_refresh`` seconds, on a wake-up, and sooner after a failure."""
        reading = self.delay()
        asking = self.asking()
        while not self.stopping.is_set():
            waits = [wait for wait in (reading, asking) if wait is not None]
            began = self.discovery.clock()
            woken = self.wake.wait(min(waits) if waits else None)
            self.wake.clear()
            if self.stopping.is_set():
                return
            passed = max(0.0, self.discovery.clock() - began)
            reading = None if reading is None else reading - passed
            if woken or (reading is not None and reading <= 0):
                self.refresh()
                self.loaded.set()
                reading = self.delay()
            self.rediscover()
            asking = self.asking()

    def delay(self) -> float | None:
        """Seconds until the next load; None waits for a wake-up."""
        if self.failed:
            return max(1.0, self.flags.real("config_accelerated_refresh"))
        return self.flags.real("config_refresh") or None

    def asking(self) -> float | None:
        """Seconds until packs are asked again."""
        wait = self.discovery.wait(self.flags.real("pack_refresh_interval"))
        return None if wait is None else max(1.0, wait)

    def refresh(self) -> None:
        """Load, and tell what is wrong."""
        try:
            problems = self.load()
            if problems is not None:
                self.back_up()
                self.tell(problems)
        except PluginError as error:
            if not self.stopping.is_set():
                log.warning("Error reading config: %s", error)
        except Exception:
            self.failed = True
            log.exception("Loading the configuration failed")

    def rediscover(self) -> None:
        """Ask the packs whose answer is too old, and use a configuration in which others run."""
        try:
            if self.discover(self.discovery.due(self.flags.real("pack_refresh_interval"))):
                configuration = self.judged(self.current)
                self.tell([*configuration.problems, *self.provide(configuration)])
                self.publish(configuration)
        except Exception:
            if not self.stopping.is_set():
                log.exception("The discovery of packs failed")

    def tell(self, problems: list[Problem]) -> None:
        """Log what is wrong and was not before."""
        for problem in problems:
            if problem not in self.told:
                log.warning("%s", problem)
        self.told = problems

    def push(self, source: str, text: str) -> None:
        """Take a source that an extension brings; from any thread. Raises PluginError when there are too many."""
        with self.pushing:
            if source not in self.pushed and len(self.pushed) >= MAX_PUSHED:
                raise PluginError(f"No more than {MAX_PUSHED} sources can be brought to the configuration")
            self.pushed[source] = text
        self.wake.set()

    def back_up(self) -> None:
        """Keep the sources and the packs for a start without a server: all of them, or none."""
        if not self.flags.on("config_enable_backup"):
            return
        packs = [[name, value, fetched.used] for (name, value), fetched in self.current.fetched.items()]
        with self.state.transaction():
            for key, _ in self.state.items(DOMAIN):
                if key.startswith(BACKUP):
                    self.state.remove(DOMAIN, key)
            for source, text in self.current.texts.items():
                self.state.put(DOMAIN, BACKUP + source, text)
            self.state.put(DOMAIN, BACKUP_PACKS, json.dumps(packs))

    def backed_up(self) -> tuple[dict[str, str], dict[tuple[str, str], tuple[PackText, ...]]]:
        """The sources and packs that were kept."""
        if not self.flags.on("config_enable_backup"):
            return {}, {}
        items = dict(self.state.items(DOMAIN))
        texts = {key.removeprefix(BACKUP): text for key, text in items.items() if key.startswith(BACKUP)}
        packs = json.loads(items.get(BACKUP_PACKS, "[]"))
        return texts, {(name, value): tuple(PackText(*pack) for pack in used) for name, value, used in packs}

    def stop(self) -> None:
        """Called by another thread when ``stopping`` has been set."""
        self.plugin.cancel()
        interrupt(self.engine)
        self.wake.set()


def fetched_from(packs: Mapping[tuple[str, str], tuple[PackText, ...]]) -> Fetch:
    """Gets packs from a backup."""

    def fetch(name: str, value: str) -> tuple[PackText, ...]:
        if (name, value) not in packs:
            raise PluginError("it is not in the backup")
        return packs[name, value]

    return fetch


def apply_options(flags: Flags, configuration: Configuration) -> list[Problem]:
    """Set the flags under ``options``, which win over the command line; those that are refused are problems."""
    problems = []
    texts: dict[str, str] = {}
    members = {member.name: member for member in configuration.members("options")}
    for name, member in members.items():
        text = option_text(name, member.value)
        if text is None:
            sentence = f"The option {name} should be a string, a number or a boolean"
            problems.append(configuration.problem(member.part.place, member.path, sentence))
        else:
            texts[name] = text
    for name, sentence in flags.configure(texts).items():
        problems.append(configuration.problem(members[name].part.place, members[name].path, sentence))
    return problems


def option_text(name: str, value: Any) -> str | None:
    """An option's value as the text of a flag; None when it is neither text, number nor boolean.

    Those that have no declaration (``custom_``) may be anything.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value)
    return json.dumps(value) if name.startswith("custom_") else None
