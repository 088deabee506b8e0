"""The thread that decides when scheduled queries run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from random import Random
from threading import Event, Lock, Thread
from time import time

from leadline.agent import denylist, execute, packs, performance, previous
from leadline.agent.configuration import EMPTY, Configuration
from leadline.agent.decorators import Decorators
from leadline.agent.engines import few_rows, interrupt
from leadline.agent.errors import EXIT_CATASTROPHIC
from leadline.agent.eventful import Eventful, eventful
from leadline.agent.execute import Outcome, Run
from leadline.agent.packs import Machine, Scheduled
from leadline.agent.performance import Meter, Performance
from leadline.agent.state import State
from leadline.agent.ticks import Ticks
from leadline.agent.workers import LAST, Job, Place, Workers
from leadline.flags import Flags
from leadline.sql.caching import TableCache
from leadline.sql.engine import Engine
from leadline.sql.errors import SQLError

log = logging.getLogger(__name__)

DOMAIN = "configurations"


class Scheduler(Thread):
    """Has the queries run that are due (osquery.md 4.2), by :class:`Workers`.

    Queries with a ``startup_priority`` run once at the start, in its order: none starts before those of a lower number
    have ended. Later, queries that are due in one second start in order, and none waits for another to end as long as
    there is a worker for it.
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
        """For decorators and for looking at queries; those that are due have engines of their own."""
        self.workers = Workers(lambda: flags.number("schedule_workers"), open_engine, self.fail)
        self.ticks = Ticks(flags, self.clock, stopping)
        self.decorating = Lock()
        self.cache = TableCache()
        self.seen: Configuration = EMPTY
        self.due: list[tuple[Scheduled, int]] = []  # with the splayed interval
        self.done: set[str] = set()  # those that have run in this process
        self.performances: dict[str, Performance] = {}
        self.kinds: dict[str, Eventful] = {}  # by SQL text
        self.denied: dict[str, int] = {}  # until when
        self.suspects: set[str] = set()  # to be run alone, once
        self.slow: set[str] = set()  # told to be slower than their interval

    def run(self) -> None:
        """Loop until told to stop or until ``schedule_timeout``; a failure to store results ends the program."""
        try:
            try:
                with self.open_engine() as self.engine:
                    self.start_up()
                    self.count(self.engine)
            finally:
                self.workers.close()
            self.finished(0, "")
        except Exception as error:  # noqa: BLE001 - the edge of the thread
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """End the program: results cannot be stored, or the scheduler is wrong."""
        if not self.stopping.is_set():
            log.error("The scheduler failed", exc_info=error)
            self.finished(EXIT_CATASTROPHIC, f"The scheduler failed: {error}")

    def start_up(self) -> None:
        """Look at what the last process left, and begin to count."""
        watched = not self.flags.on("disable_watchdog")
        duration = self.flags.number("schedule_denylist_duration")
        self.suspects = set(denylist.leftover(self.state, self.clock(), duration, watched=watched))
        self.ticks = Ticks(self.flags, self.clock, self.stopping)

    def count(self, engine: Engine) -> None:
        """One loop a second."""
        timeout = self.flags.number("schedule_timeout")
        last = self.ticks.second + timeout
        while not self.stopping.is_set() and (not timeout or self.ticks.second <= last):
            self.loop(engine)
            self.ticks.next()
        if not self.stopping.is_set():
            log.info("The scheduler ended after %d seconds", timeout)
            while not self.stopping.is_set() and not self.workers.wait(0.2):
                pass

    def loop(self, engine: Engine) -> None:
        """One second: take a new configuration, have run what is due, run interval decorators every minute."""
        ticks = self.ticks
        configuration = self.configuration()
        if configuration is not self.seen:
            self.configure(engine, configuration)
        self.expire()
        for query, splayed in self.due:
            if self.stopping.is_set():
                return
            first = query.priority is not None and query.name not in self.done
            if first or ticks.crossed(splayed, self.missed(query)):
                self.submit(query, first=first)
        if ticks.crossed(60) and not self.flags.on("disable_decorators"):
            with self.decorating:
                self.decorators.interval(ticks.second // 60 * 60, lambda sql: few_rows(engine, sql))
        reload = self.flags.number("schedule_reload")
        if reload and ticks.crossed(reload):
            self.state.tidy()
            if self.flags.on("schedule_reload_sql"):
                self.workers.renew()

    def missed(self, query: Scheduled) -> int | None:
        """The second from which a query's runs are missing: its last one in the process before, with the wall clock."""
        if query.name in self.done or not self.flags.on("schedule_wall_clock"):
            return None
        last = self.performances[query.name].last_executed
        return last if 0 < last < self.ticks.before else None

    def submit(self, query: Scheduled, *, first: bool) -> None:
        """Have a query run, unless it is denied or still at it."""
        if query.name in self.denied:
            return
        self.done.add(query.name)
        level = LAST if not first or query.priority is None else query.priority
        job = Job(query.name, lambda engine, place: self.execute(engine, place, query), level)
        if not self.workers.submit(job._replace(alone=query.name in self.suspects)) and query.name not in self.slow:
            self.slow.add(query.name)
            sentence = "Scheduled query %s takes longer than its interval of %d seconds: runs are left out"
            log.warning(sentence, query.name, query.interval)

    def configure(self, engine: Engine, configuration: Configuration) -> None:
        """Work out the schedule of a new configuration."""
        self.seen = configuration
        queries, problems = packs.schedule(configuration, self.machine())
        if not self.flags.on("disable_decorators"):
            with self.decorating:
                self.decorators.configure(configuration, lambda sql: few_rows(engine, sql))
            problems = problems + self.decorators.problems()
        for problem in problems:
            log.warning("%s", problem)
        self.measure(queries)
        self.due = [(query, self.splayed(query)) for query in queries]
        self.slow.clear()
        self.kinds = {}
        self.refuse(engine)
        for name in previous.purge(self.state, {query.name for query in queries}, int(self.clock())):
            log.info("Forgot the rows of the query %s, which has left the schedule", name)

    def measure(self, queries: list[Scheduled]) -> None:
        """Keep the figures of queries whose text is the same."""
        known = {query.name: query.sql for query, _ in self.due}
        self.performances = {
            query.name: self.performances[query.name]
            if known.get(query.name) == query.sql
            else performance.load(self.state, query.name, query.sql)
            for query in queries
        }
        performance.forget(self.state, set(self.performances))

    def refuse(self, engine: Engine) -> None:
        """Find the queries that are denied, and tell it once."""
        before, self.denied = self.denied, {}
        for query, _ in self.due:
            until = denylist.denied(self.state, query.name, self.clock())
            if not until or not query.denylist:
                continue
            if not self.flags.on("events_enforce_denylist") and eventful(engine, query.sql).only:
                continue
            self.denied[query.name] = until
            if before.get(query.name) != until:
                denylist.tell(self.state, query.name, until)

    def expire(self) -> None:
        """Let the queries run again whose time is over."""
        now = self.clock()
        if any(until <= now for until in self.denied.values()):
            for name in denylist.expire(self.state, now):
                if self.denied.pop(name, None):
                    log.info("Scheduled query %s is not denylisted any more", name)

    def splayed(self, query: Scheduled) -> int:
        """The interval with its random part, decided once for a query and an interval."""
        key = f"interval.{query.name}"
        before, _, kept = (self.state.get(DOMAIN, key) or "").partition(":")
        if before == str(query.interval) and kept.isdigit() and int(kept):
            return int(kept)
        value = splay(query.interval, self.flags.number("schedule_splay_percent"), self.random)
        self.state.put(DOMAIN, key, f"{query.interval}:{value}")
        return value

    def execute(self, engine: Engine, place: Place, query: Scheduled) -> None:
        """Run one query, in a thread of the workers; a failure of its SQL is logged and the next one runs."""
        level = logging.INFO if self.flags.on("schedule_lognames") else logging.DEBUG
        denylist.begin(self.state, query.name, place.number)
        log.log(level, "Executing scheduled query %s: %s", query.name, query.sql)  # noted before it is said
        outcome = Outcome(0, 0)
        meter = Meter()
        try:
            if not self.flags.on("disable_decorators"):
                with self.decorating:
                    self.decorators.always(lambda sql: few_rows(engine, sql))
            run = Run(self.loggers(), self.identifier(), self.decorators.current, int(self.clock()))
            self.share(engine, query)
            with meter:
                outcome = self.work(engine, query)(engine, self.state, self.flags, query, run)
        except SQLError as error:
            if not self.stopping.is_set():
                log.error("Error executing scheduled query %s: %s", query.name, error.message)
        finally:
            engine.reuse(None)
            self.ended(place, query, meter, outcome)
        if outcome.lines:
            self.wake_loggers()

    def share(self, engine: Engine, query: Scheduled) -> None:
        """Let a query use rows of cacheable tables that another one had made, and keep those that it has made."""
        interval = next((splayed for other, splayed in self.due if other.name == query.name), 0)
        if interval and not self.flags.on("disable_caching"):
            engine.reuse(self.cache, self.ticks.second, interval)

    def work(self, engine: Engine, query: Scheduled) -> Callable[[Engine, State, Flags, Scheduled, Run], Outcome]:
        """How to run a query."""
        if query.snapshot:
            return execute.snapshot
        if self.flags.on("events_optimize"):
            if query.sql not in self.kinds:
                self.kinds[query.sql] = eventful(engine, query.sql)
            if self.kinds[query.sql].any:
                return execute.events
        return execute.differential

    def ended(self, place: Place, query: Scheduled, meter: Meter, outcome: Outcome) -> None:
        """Note that a query has ended, and what it cost."""
        with self.state.transaction():
            denylist.end(self.state, place.number)
            known = self.performances.get(query.name)
            if known is not None and meter.cost is not None:
                cost = meter.cost._replace(memory=None) if place.shared else meter.cost
                known.add(cost, outcome.size, int(self.clock()))
                performance.save(self.state, query.name, query.sql, known)
        self.suspects.discard(query.name)

    def blame(self) -> None:
        """Leave only the mark of the query that uses the most: the watchdog is about to end this worker for it.

        Called by another thread, before the marks are kept for the next worker.
        """
        place = self.workers.busiest()
        if place is None:
            return
        log.error("The watchdog stops this worker while it runs scheduled query %s", place.job.name)
        with self.state.transaction():
            for mark in denylist.marks(self.state):
                self.state.remove(DOMAIN, mark)
            denylist.begin(self.state, place.job.name)

    def rows(self) -> Iterator[tuple[str | int, ...]]:
        """Rows of osquery_schedule."""
        performances, denied = self.performances, self.denied
        for query, _ in self.due:
            known = performances.get(query.name) or Performance()
            yield query.name, query.sql, query.interval, *known.row(denylisted=query.name in denied)

    def interrupt(self) -> None:
        """End the running statements; from another thread."""
        interrupt(self.engine)
        self.workers.interrupt()


def splay(interval: int, percent: int, random: Random) -> int:
    """The interval moved by up to ``percent`` either way, at least 1; 1 and less count as 10, above 100 as 0."""
    if percent <= 1:
        percent = 10
    if percent > 100:
        return interval
    reach = interval * percent // 100
    return random.randint(max(interval - reach, 1), interval + reach)
