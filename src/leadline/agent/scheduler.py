"""The thread that runs the scheduled queries, one at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from random import Random
from threading import Event, Thread
from time import monotonic, time

from leadline.agent import packs, previous
from leadline.agent.configuration import EMPTY, Configuration
from leadline.agent.decorators import Decorators
from leadline.agent.engines import few_rows, interrupt
from leadline.agent.errors import EXIT_CATASTROPHIC
from leadline.agent.execute import Run, differential, snapshot
from leadline.agent.packs import Machine, Scheduled
from leadline.agent.performance import UNRUN, Performance, measured
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.sql.engine import Engine
from leadline.sql.errors import SQLError

log = logging.getLogger(__name__)

DOMAIN = "configurations"
EXECUTING = "executing_query"


class Scheduler(Thread):
    """Counts seconds and runs what is due (osquery.md 4.2).

    The counter starts at the Unix time and grows by one a loop, so it follows the clock only while the machine is
    awake and no more than ``schedule_max_drift`` behind.
    """

    def __init__(
        self,
        flags: Flags,
        state: State,
        decorators: Decorators,
        *,
        open_engine: Callable[[], Engine],
        configuration: Callable[[], Configuration],
        machine: Callable[[], Machine],
        loggers: Callable[[], list[str]],
        identifier: Callable[[], str],
        wake_loggers: Callable[[], None],
        stopping: Event,
        finished: Callable[[int, str], None],
        clock: Callable[[], float] = time,
        random: Random | None = None,
    ) -> None:
        super().__init__(name="scheduler", daemon=True)
        self.flags = flags
        self.state = state
        self.decorators = decorators
        self.open_engine = open_engine
        self.configuration = configuration
        self.machine = machine
        self.loggers = loggers
        self.identifier = identifier
        self.wake_loggers = wake_loggers
        self.stopping = stopping
        self.finished = finished
        self.clock = clock
        self.random = random or Random()  # noqa: S311 - spreads load, keeps no secret
        self.engine: Engine | None = None
        self.seen: Configuration = EMPTY
        self.due: list[tuple[Scheduled, int]] = []  # with the splayed interval
        self.done: set[str] = set()  # those with a startup_priority that have run
        self.performances: dict[str, Performance] = {}

    def run(self) -> None:
        """Loop until told to stop or until ``schedule_timeout``; a failure to store results ends the program."""
        try:
            with self.open_engine() as self.engine:
                self.leftover()
                self.count(self.engine)
            self.finished(0, "")
        except Exception as error:
            log.exception("The scheduler failed")
            self.finished(EXIT_CATASTROPHIC, f"The scheduler failed: {error}")

    def count(self, engine: Engine) -> None:
        """One loop a second."""
        second = int(self.clock())
        timeout = self.flags.number("schedule_timeout")
        last = second + timeout
        drift = 0.0
        while not self.stopping.is_set() and (not timeout or second <= last):
            began = monotonic()
            self.loop(engine, second)
            behind = monotonic() - began + drift - 1.0
            drift = 0.0
            if behind < 0:
                self.stopping.wait(-behind)
            elif behind <= self.flags.number("schedule_max_drift"):
                drift = behind
            second += 1

    def loop(self, engine: Engine, second: int) -> None:
        """One second: take a new configuration, run what is due, run interval decorators every minute."""
        configuration = self.configuration()
        if configuration is not self.seen:
            self.configure(engine, configuration)
        for query, splayed in self.due:
            if self.stopping.is_set():
                return
            first = query.priority is not None and query.name not in self.done
            if first or second % splayed == 0:
                self.done.add(query.name)
                self.execute(engine, query)
        if second % 60 == 0 and not self.flags.on("disable_decorators"):
            self.decorators.interval(second, lambda sql: few_rows(engine, sql))

    def configure(self, engine: Engine, configuration: Configuration) -> None:
        """Work out the schedule of a new configuration."""
        self.seen = configuration
        queries, problems = packs.schedule(configuration, self.machine())
        if not self.flags.on("disable_decorators"):
            self.decorators.configure(configuration, lambda sql: few_rows(engine, sql))
            problems = problems + self.decorators.problems()
        for problem in problems:
            log.warning("%s", problem)
        self.due = [(query, self.splayed(query)) for query in queries]
        self.performances = {
            query.name: self.performances[query.name] for query in queries if query.name in self.performances
        }
        for name in previous.purge(self.state, {query.name for query in queries}, int(self.clock())):
            log.info("Forgot the rows of the query %s, which has left the schedule", name)

    def splayed(self, query: Scheduled) -> int:
        """The interval with its random part, decided once for a query and an interval."""
        key = f"interval.{query.name}"
        before, _, kept = (self.state.get(DOMAIN, key) or "").partition(":")
        if before == str(query.interval) and kept.isdigit() and int(kept):
            return int(kept)
        value = splay(query.interval, self.flags.number("schedule_splay_percent"), self.random)
        self.state.put(DOMAIN, key, f"{query.interval}:{value}")
        return value

    def execute(self, engine: Engine, query: Scheduled) -> None:
        """Run one query; a failure is logged and the next one runs."""
        if self.flags.on("schedule_lognames"):
            log.info("Executing scheduled query %s: %s", query.name, query.sql)
        else:
            log.debug("Executing scheduled query %s: %s", query.name, query.sql)
        self.state.put(DOMAIN, EXECUTING, query.name)
        try:
            if not self.flags.on("disable_decorators"):
                self.decorators.always(lambda sql: few_rows(engine, sql))
            run = Run(self.loggers(), self.identifier(), self.decorators.current, int(self.clock()))
            work = snapshot if query.snapshot else differential
            performance = self.performances.setdefault(query.name, Performance())
            if measured(performance, lambda: work(engine, self.state, self.flags, query, run), self.clock):
                self.wake_loggers()
        except SQLError as error:
            if not self.stopping.is_set():
                log.error("Error executing scheduled query %s: %s", query.name, error.message)
        finally:
            self.state.remove(DOMAIN, EXECUTING)

    def rows(self) -> Iterator[tuple[str | int, ...]]:
        """Rows of osquery_schedule."""
        for query, _ in self.due:
            yield query.name, query.sql, query.interval, *self.performances.get(query.name, UNRUN).row()

    def leftover(self) -> None:
        """Tell which query was running when the process ended without having been asked to."""
        name = self.state.get(DOMAIN, EXECUTING)
        if name:
            log.warning("Scheduled query may have failed: %s", name)
            self.state.remove(DOMAIN, EXECUTING)

    def interrupt(self) -> None:
        """End the running statement; from another thread."""
        interrupt(self.engine)


def splay(interval: int, percent: int, random: Random) -> int:
    """The interval moved by up to ``percent`` either way, at least 1; 1 and less count as 10, above 100 as 0."""
    if percent <= 1:
        percent = 10
    if percent > 100:
        return interval
    reach = interval * percent // 100
    return random.randint(max(interval - reach, 1), interval + reach)
