"""Queries that a server asks once: read, run, answer."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from resource import RUSAGE_SELF, getrusage
from threading import Event, Thread
from time import monotonic, time
from typing import NamedTuple

from leadline.agent.engines import interrupt
from leadline.agent.rendering import Layout, quote
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.linux import files
from leadline.plugins.errors import PluginError
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

MAX_KEPT = 32 << 20
"""Characters of answers that are kept while they cannot be delivered, and the largest answer."""

RUNNING = "distributed_running"
DENYLISTED = "distributed query is denylisted"


class Cost(NamedTuple):
    """What a query cost this process: milliseconds, and bytes by which it grew."""

    wall: int = 0
    user: int = 0
    system: int = 0
    memory: int = 0


class Answer(NamedTuple):
    """The answer to one query; ``rows`` is a JSON array, ``status`` 0 or SQLite's code with its message."""

    id: str
    rows: str = "[]"
    status: int = 0
    message: str = ""
    cost: Cost = Cost()


class Distributor(Thread):
    """Looks for queries and answers each one as soon as it has run, so that a slow one delays no other's answer."""

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
        self.engine: Engine | None = None
        self.kept: list[Answer] = []
        self.accelerated = float(state.get("distributed", "accelerate_until") or 0)
        self.failing = False

    def run(self) -> None:
        """Read, run, write until told to stop."""
        with self.open_engine() as self.engine:
            while not self.stopping.is_set():
                pause = self.flags.real("distributed_interval")
                if not self.flags.on("disable_distributed"):
                    try:
                        pause = self.round(self.engine)
                    except Exception:
                        log.exception("The distributed queries failed")
                self.stopping.wait(pause)

    def round(self, engine: Engine) -> float:
        """One read and what follows from it; returns the seconds until the next."""
        began = monotonic()
        try:
            self.deliver()
            work = self.plugin.read(HOLD)
            self.failing = False
            self.perform(engine, work)
        except PluginError as error:
            if not self.stopping.is_set():
                log.log(logging.DEBUG if self.failing else logging.WARNING, "Distributed queries: %s", error)
            self.failing = True
            return max(self.interval(), error.retry_after)
        if not work.held or self.kept:
            return self.interval()
        return 0.0 if work.queries else max(0.0, began + SHORTEST - monotonic())

    def interval(self) -> float:
        """Seconds between reads of a server that does not hold them."""
        usual = self.flags.real("distributed_interval")
        return min(HASTY, usual) if self.clock() < self.accelerated else usual

    def perform(self, engine: Engine, work: Work) -> None:
        """Run what is asked and send each answer. Raises PluginError when a discovery query cannot be run."""
        if work.accelerate > 0:
            self.accelerated = self.clock() + work.accelerate
            self.state.put("distributed", "accelerate_until", str(self.accelerated))
        wanted = self.wanted(engine, work)
        for id in wanted:
            if self.stopping.is_set():
                return
            answer = self.answer(engine, id, work.queries[id])
            if answer is not None:
                self.keep(answer)
                try:
                    self.deliver()
                except PluginError as error:
                    log.warning("Cannot deliver the answer to a distributed query: %s", error)

    def wanted(self, engine: Engine, work: Work) -> list[str]:
        """The ids of the queries whose discovery query returns a row, or that have none."""
        verdicts: dict[str, bool] = {}
        wanted = []
        for id in work.queries:
            sql = work.discovery.get(id)
            if sql is not None and sql not in verdicts:
                try:
                    result = engine.query(sql)
                    verdicts[sql] = next(result, None) is not None
                    result.close()
                except SQLError as error:
                    raise PluginError(f"the discovery query of {id} failed: {error.message}") from error
            if sql is None or verdicts[sql]:
                wanted.append(id)
        return wanted

    def answer(self, engine: Engine, id: str, sql: str) -> Answer | None:
        """Run one query; None when the end of the program cut it short."""
        if self.flags.on("distributed_loginfo"):
            log.info("Executing distributed query: %s: %s", id, sql)
        else:
            log.debug("Executing distributed query: %s: %s", id, sql)
        mark = sha256(sql.encode("utf-8", "replace")).hexdigest()
        if self.denylisted(mark):
            log.warning("Not running the distributed query %s: it was running when the agent ended", id)
            return Answer(id, status=1, message=DENYLISTED)
        self.state.put(RUNNING, mark, str(int(self.clock())))
        before = usage()
        try:
            rows = self.rows(engine, sql)
            return Answer(id, rows, cost=spent(before, usage()))
        except SQLError as error:
            if self.stopping.is_set():
                return None
            log.info("Error executing distributed query %s: %s", id, error.message)
            return Answer(id, status=error.code or 1, message=error.message, cost=spent(before, usage()))
        finally:
            self.state.remove(RUNNING, mark)

    def rows(self, engine: Engine, sql: str) -> str:
        """The rows as a JSON array, cells as text in column order. Raises SQLError."""
        result = engine.query(sql)
        layout = Layout(result.columns, alphabetical=False)
        null = self.flags.text("nullvalue")
        rows = []
        size = 0
        for row in result:
            text = layout.text(row, null)
            size += len(text) + 1
            if size > MAX_KEPT:
                result.close()
                raise SQLError(f"the result is larger than {MAX_KEPT >> 20} MiB")
            rows.append(text)
        return f"[{','.join(rows)}]"

    def denylisted(self, mark: str) -> bool:
        """Whether the agent ended without warning while it ran this SQL, less than a while ago."""
        since = self.state.get(RUNNING, mark)
        return since is not None and self.clock() - float(since) < self.flags.number("distributed_denylist_duration")

    def keep(self, answer: Answer) -> None:
        """Put an answer with those to deliver; the oldest ones go when there is too much."""
        self.kept.append(answer)
        size = sum(len(one.rows) for one in self.kept)
        while size > MAX_KEPT and len(self.kept) > 1:
            size -= len(self.kept[0].rows)
            log.warning(
                "Dropped the answer to the distributed query %s: it could not be delivered", self.kept.pop(0).id
            )

    def deliver(self) -> None:
        """Send what there is. Raises PluginError and keeps it when that fails."""
        if self.kept:
            self.plugin.write(body(self.kept))
            self.kept = []

    def stop(self) -> None:
        """Called by another thread when ``stopping`` has been set."""
        self.plugin.cancel()
        self.interrupt()

    def interrupt(self) -> None:
        """End the running statement; from another thread."""
        interrupt(self.engine)


def body(answers: list[Answer]) -> str:
    """What a server is sent, without the node key."""

    def members(values: Iterator[str]) -> str:
        pairs = zip(answers, values, strict=True)
        return "{" + ",".join(f"{quote(answer.id)}:{value}" for answer, value in pairs) + "}"

    return (
        f'{{"queries":{members(answer.rows for answer in answers)}'
        f',"statuses":{members(str(answer.status) for answer in answers)}'
        f',"messages":{members(quote(answer.message) for answer in answers)}'
        f',"stats":{members(stats(answer.cost) for answer in answers)}}}'
    )


def stats(cost: Cost) -> str:
    """The cost as an object."""
    return f'{{"wall_time_ms":{cost.wall},"user_time":{cost.user},"system_time":{cost.system},"memory":{cost.memory}}}'


def usage() -> tuple[float, float, float, int]:
    """Seconds of wall, user and system time and resident bytes of this process."""
    used = getrusage(RUSAGE_SELF)
    pages = (files.read("/proc/self/statm") or b"0 0").split()[1]
    return monotonic(), used.ru_utime, used.ru_stime, int(pages) * os.sysconf("SC_PAGE_SIZE")


def spent(before: tuple[float, float, float, int], after: tuple[float, float, float, int]) -> Cost:
    """The difference; a process that shrank used no memory."""
    wall, user, system = (int((end - start) * 1000) for start, end in zip(before[:3], after[:3], strict=True))
    return Cost(wall, user, system, max(0, after[3] - before[3]))
