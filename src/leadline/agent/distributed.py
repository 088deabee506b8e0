"""Queries that a server asks once: read, run several at a time, answer each one as soon as it has run."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import closing
from threading import Condition, Event, Lock, Thread, current_thread
from time import monotonic, time

from leadline.agent.answers import Answer, Kept, Spool, stats
from leadline.agent.carving import origin
from leadline.agent.engines import interrupt
from leadline.agent.performance import Meter
from leadline.agent.rendering import Layout
from leadline.agent.state import State
from leadline.agent.suspects import Suspects
from leadline.agent.trimming import resident
from leadline.flags import Flags
from leadline.plugins.errors import PluginError, RefusedError
from leadline.plugins.kinds import Distributed, Work
from leadline.sql.engine import Engine
from leadline.sql.errors import SQLError

log = logging.getLogger(__name__)

HOLD = 30
"""Seconds for which a server may hold a read open: below the idle limits of proxies and the time to look offline."""

HASTY = 5.0
"""Seconds between reads while the server asks for acceleration (osquery's constant)."""

SHORTEST = 1.0
"""Seconds between two reads that brought nothing, even when the server promised to wait."""

MOST_WORKERS = 16
LOOK = 0.5
"""Seconds between two looks of a thread that waits for others at whether the agent ends."""

DENYLISTED = "distributed query is denylisted"
TEMPORARY = frozenset((401, 403, 408, 425, 429))
"""Statuses below 500 after which the same answer may still be taken."""


class Run:
    """One query that waits or runs."""

    def __init__(self, id: str, sql: str) -> None:
        self.id = id
        self.sql = sql
        self.engine: Engine | None = None
        self.cancelled = False
        self.alone = False

    def cancel(self) -> None:
        """End it, without an answer; from another thread, and again as long as it has not ended."""
        self.cancelled = True
        interrupt(self.engine)


class Distributor(Thread):
    """Reads what is asked; threads that come and go with the work run it."""

    def __init__(
        self,
        flags: Flags,
        state: State,
        plugin: Distributed,
        open_engine: Callable[[], Engine],
        stopping: Event,
        clock: Callable[[], float] = time,
    ) -> None:
        super().__init__(name="distributed", daemon=True)
        self.flags = flags
        self.state = state
        self.plugin = plugin
        self.open_engine = open_engine
        self.stopping = stopping
        self.clock = clock
        self.suspects = Suspects(flags, state, clock)
        self.kept = Kept(state, clock)
        self.accelerated = float(state.get("distributed", "accelerate_until") or 0)
        self.failing = False
        self.concurrent = False  # whether reading while queries run does no harm; the last answer tells
        self.engine: Engine | None = None  # of the discovery queries, while they run
        self.changed = Condition()
        # what follows is under that lock
        self.waiting: deque[Run] = deque()
        self.running: dict[str, Run] = {}
        self.workers: set[Thread] = set()
        self.answered: dict[str, float] = {}
        self.posting = Lock()

    def run(self) -> None:
        """Read until told to stop."""
        while not self.stopping.is_set():
            pause = self.flags.real("distributed_interval")
            if not self.flags.on("disable_distributed"):
                try:
                    pause = self.round()
                except Exception:
                    log.exception("The distributed queries failed")
            self.stopping.wait(pause)
            self.wait_until_readable()
        with self.changed:
            workers = list(self.workers)
        for worker in workers:
            worker.join()

    def wait_until_readable(self) -> None:
        """A server that counts what it has handed out must not be asked again before it is answered."""
        with self.changed:
            while not self.concurrent and (self.running or self.waiting) and not self.stopping.is_set():
                self.changed.wait(LOOK)

    def round(self) -> float:
        """One read and what follows from it; returns the seconds until the next."""
        began = monotonic()
        taken = 0
        try:
            self.deliver_kept()
            with self.changed:
                busy = [*self.running, *(run.id for run in self.waiting)]
            work = self.plugin.read(HOLD, busy)
            self.failing = False
            self.concurrent = work.aware or not work.held
            self.cancel(work.cancel)
            taken = self.accept(work, began)
        except PluginError as error:
            if not self.stopping.is_set():
                log.log(logging.DEBUG if self.failing else logging.WARNING, "Distributed queries: %s", error)
            self.failing = True
            return max(self.interval(), error.retry_after)
        if not work.held or self.kept.first() is not None:
            return self.interval()
        return 0.0 if taken else max(0.0, began + SHORTEST - monotonic())

    def interval(self) -> float:
        """Seconds between reads of a server that does not hold them."""
        usual = self.flags.real("distributed_interval")
        return min(HASTY, usual) if self.clock() < self.accelerated else usual

    def accept(self, work: Work, began: float) -> int:
        """Queue what is asked; how many queries. Raises PluginError when a discovery query cannot be run.

        ``began`` is when the read was sent: what was answered since is not asked again, even when the answers of
        server and agent crossed.
        """
        if work.accelerate > 0:
            self.accelerated = self.clock() + work.accelerate
            self.state.put("distributed", "accelerate_until", str(self.accelerated))
        with self.changed:
            self.answered = {id: moment for id, moment in self.answered.items() if moment >= began}
            known = {*self.running, *(run.id for run in self.waiting), *self.answered}
        known |= self.kept.ids() if work.queries else set()
        new = {id: sql for id, sql in work.queries.items() if id not in known}
        wanted = self.wanted(new, work)
        with self.changed:
            self.waiting.extend(Run(id, new[id]) for id in wanted)
            most = min(max(1, self.flags.number("distributed_workers")), MOST_WORKERS)
            for _ in range(min(most, len(self.waiting) + len(self.running)) - len(self.workers)):
                worker = Thread(target=self.work_off, name="distributed query", daemon=True)
                self.workers.add(worker)
                worker.start()
            self.changed.notify_all()
        return len(wanted)

    def wanted(self, queries: Iterable[str], work: Work) -> list[str]:
        """The ids of the queries whose discovery query returns a row, or that have none."""
        asked = {id: work.discovery[id] for id in queries if id in work.discovery}
        verdicts = {"SELECT 1": True}  # which servers send with every query
        new = {sql: id for id, sql in asked.items() if sql not in verdicts}
        if new:
            with self.open_engine() as self.engine:
                for sql, id in new.items():
                    verdicts[sql] = self.found(self.engine, id, sql)
            self.engine = None
        return [id for id in queries if id not in asked or verdicts[asked[id]]]

    def found(self, engine: Engine, id: str, sql: str) -> bool:
        """Whether the discovery query of an id returns a row. Raises PluginError."""
        if self.suspects.denied(sql):
            raise PluginError(f"the discovery query of {id} is not run: it was running when the agent ended")
        self.suspects.begin(sql)
        try:
            result = engine.query(sql, self.timeout())
            row = next(result, None)
            result.close()
            return row is not None
        except SQLError as error:
            raise PluginError(f"the discovery query of {id} failed: {error.message}") from error
        finally:
            self.suspects.end(sql)

    def timeout(self) -> float | None:
        """Seconds for one query; None leaves it to ``statement_timeout``."""
        return self.flags.real("distributed_query_timeout") or None

    def cancel(self, ids: Iterable[str]) -> None:
        """End queries that nobody waits for any more."""
        wanted = set(ids)
        if not wanted:
            return
        with self.changed:
            self.waiting = deque(run for run in self.waiting if run.id not in wanted)
            for run in self.running.values():
                if run.id in wanted:
                    log.info("Cancelled the distributed query %s", run.id)
                    run.cancel()

    def work_off(self) -> None:
        """Run queries until there are no more; in a thread of its own."""
        try:
            with self.open_engine() as engine:
                while (run := self.next(engine)) is not None:
                    try:
                        self.perform(engine, run)
                    except Exception:
                        log.exception("The distributed query %s failed", run.id)
                    finally:
                        self.done(run)
        except Exception:
            log.exception("Distributed queries cannot be run")
            with self.changed:
                self.waiting.clear()
        finally:
            with self.changed:
                self.workers.discard(current_thread())
                self.changed.notify_all()

    def next(self, engine: Engine) -> Run | None:
        """The next query to run: one that is suspected to end the agent only while no other one runs."""
        with self.changed:
            while self.waiting and not self.stopping.is_set():
                if not any(run.alone for run in self.running.values()):
                    for run in self.waiting:
                        run.alone = self.suspects.suspect(run.sql)
                        if not (run.alone and self.running):
                            self.waiting.remove(run)
                            run.engine = engine
                            self.running[run.id] = run
                            return run
                self.changed.wait(LOOK)
            self.workers.discard(current_thread())
            return None

    def done(self, run: Run) -> None:
        """A query runs no more."""
        with self.changed:
            del self.running[run.id]
            self.answered[run.id] = monotonic()
            self.changed.notify_all()

    def perform(self, engine: Engine, run: Run) -> None:
        """Run one query and send or keep its answer."""
        level = logging.INFO if self.flags.on("distributed_loginfo") else logging.DEBUG
        log.log(level, "Executing distributed query: %s: %s", run.id, run.sql)
        if self.suspects.denied(run.sql):
            log.warning("Not running the distributed query %s: it was running when the agent ended", run.id)
            self.answer(Answer(run.id, 1, DENYLISTED))
            return
        with closing(Spool(os.path.dirname(self.state.connection.filename) or None)) as spool:
            answer = self.execute(spool, engine, run)
            if answer is not None:
                self.answer(answer)

    def execute(self, spool: Spool, engine: Engine, run: Run) -> Answer | None:
        """Run one query; None when it was cut short because nobody waits for its answer."""
        meter = Meter(resident)
        self.suspects.begin(run.sql)
        try:
            with origin.request(run.id), meter:
                self.fill(spool, engine, run)
            return Answer(run.id, size=spool.size, rows=spool.pieces, cost=stats(meter.cost))
        except SQLError as error:
            if self.stopping.is_set() or run.cancelled:
                return None
            log.info("Error executing distributed query %s: %s", run.id, error.message)
            return Answer(run.id, error.code or 1, error.message, stats(meter.cost))
        finally:
            self.suspects.end(run.sql)

    def fill(self, spool: Spool, engine: Engine, run: Run) -> None:
        """Run a query; cells as text in column order. Raises SQLError."""
        result = engine.query(run.sql, self.timeout())
        layout = Layout(result.columns, alphabetical=False)
        null = self.flags.text("nullvalue")
        try:
            for row in result:
                spool.add(layout.text(row, null))
                if run.cancelled:
                    raise SQLError("cancelled")
            spool.finish()
        finally:
            result.close()

    def answer(self, answer: Answer) -> None:
        """Deliver an answer, or keep it."""
        with self.posting:
            if self.kept.first() is None:
                try:
                    self.write(answer)
                    return
                except PluginError as error:
                    if not self.stopping.is_set():
                        log.warning("Cannot deliver the answer to the distributed query %s: %s", answer.id, error)
            self.kept.add(answer)

    def deliver_kept(self) -> None:
        """Send what could not be sent before. Raises PluginError and keeps it when that fails again."""
        with self.posting:
            self.kept.bound()
            while not self.stopping.is_set() and (first := self.kept.first()) is not None:
                number, answer = first
                self.write(answer)
                self.kept.remove(number)

    def write(self, answer: Answer) -> None:
        """Send an answer. One that the server will never take is replaced by a failure. Raises PluginError."""
        try:
            self.plugin.write(answer.results())
        except RefusedError as error:
            if not 400 <= error.status < 500 or error.status in TEMPORARY:
                raise
            log.warning("The server does not take the answer to the distributed query %s: %s", answer.id, error)
            if answer.size > 2:
                self.plugin.write(Answer(answer.id, 1, f"the server did not take the answer: {error}").results())

    def stop(self) -> None:
        """Called by another thread when ``stopping`` has been set."""
        self.plugin.cancel()
        self.interrupt()

    def interrupt(self) -> None:
        """End the running statements; from another thread."""
        interrupt(self.engine)
        with self.changed:
            for run in self.running.values():
                interrupt(run.engine)
            self.changed.notify_all()
