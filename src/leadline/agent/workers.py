"""Threads that run scheduled queries, each with an engine of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition, Thread, get_ident
from time import clock_gettime, monotonic, pthread_getcpuclockid
from typing import NamedTuple

from leadline.agent.engines import interrupt
from leadline.sql.engine import Engine

IDLE = 90.0
"""Seconds after which a thread without work ends."""

LAST = 1 << 31
"""The level of what has no place in an order."""


class Job(NamedTuple):
    """Something to be done with an engine, in one of the places for it.

    A job waits until none of a lower ``level`` runs, and with ``alone`` until none runs at all; jobs start in the
    order in which they came.
    """

    name: str
    work: Callable[[Engine, Place], None]
    level: int = LAST
    alone: bool = False


class Place:
    """Where a job runs: ``number`` from 0, its thread, and whether others ran meanwhile."""

    def __init__(self, number: int, job: Job) -> None:
        self.number = number
        self.job = job
        self.thread = get_ident()
        self.began = self.processor()
        self.shared = False

    def processor(self) -> float:
        """Seconds of processor time that the thread has used; from any thread, while this one lives."""
        return clock_gettime(pthread_getcpuclockid(self.thread))

    def used(self) -> float:
        """Seconds of processor time that the job has used so far."""
        return self.processor() - self.began


class Workers:
    """Runs jobs, up to ``size()`` at a time; with a size of 1 in the thread that brings them.

    ``failed`` is told of an exception that a job lets out; the thread goes on.
    """

    def __init__(
        self, size: Callable[[], int], open_engine: Callable[[], Engine], failed: Callable[[Exception], None]
    ) -> None:
        self.size = size
        self.open_engine = open_engine
        self.failed = failed
        self.changed = Condition()
        self.waiting: deque[Job] = deque()
        self.running: dict[int, Place] = {}
        self.engines: dict[int, Engine] = {}  # by place; each is used by its thread only
        self.stale: set[int] = set()  # places whose engine is to be opened anew
        self.threads: dict[int, Thread] = {}
        self.closing = False

    def submit(self, job: Job) -> bool:
        """Have a job done; False when one of this name waits or runs: none is ever done twice at once."""
        with self.changed:
            if any(other.name == job.name for other in self.jobs()):
                return False
            if self.closing:
                return True
            size = self.size()
            if size > 1 or self.threads:
                self.waiting.append(job)
                self.changed.notify_all()
                if len(self.threads) - len(self.running) < len(self.waiting) and len(self.threads) < size:
                    self.start()
                return True
            place = self.running[0] = Place(0, job)
        self.perform(place)
        return True

    def jobs(self) -> list[Job]:
        """What waits and what runs."""
        return [*self.waiting, *(place.job for place in self.running.values())]

    def start(self) -> None:
        """One more thread."""
        number = next(number for number in range(len(self.threads) + 1) if number not in self.threads)
        thread = self.threads[number] = Thread(target=self.serve, args=(number,), name=f"query {number}", daemon=True)
        thread.start()

    def serve(self, number: int) -> None:
        """Do what comes until there has been nothing for a while."""
        try:
            while (place := self.take(number)) is not None:
                self.perform(place)
        finally:
            self.close_engine(number)

    def take(self, number: int) -> Place | None:
        """Where the next job runs; None when this thread is not needed any more."""
        end = monotonic() + IDLE
        with self.changed:
            while not self.closing:
                if self.waiting and self.may_start(self.waiting[0]):
                    taken = self.running[number] = Place(number, self.waiting.popleft())
                    if len(self.running) > 1:
                        for place in self.running.values():
                            place.shared = True
                    self.changed.notify_all()
                    return taken
                if (monotonic() > end and not self.waiting) or len(self.threads) > max(1, self.size()):
                    break
                self.changed.wait(max(0.1, end - monotonic()))
            del self.threads[number]
            return None

    def may_start(self, job: Job) -> bool:
        """Whether the next job need not wait for those that run."""
        running = self.running.values()
        if job.alone and running:
            return False
        return not any(place.job.alone or place.job.level < job.level for place in running)

    def perform(self, place: Place) -> None:
        """Do one job, which is running already."""
        number = place.number
        try:
            if number in self.stale:
                self.close_engine(number)
            if number not in self.engines:
                self.engines[number] = self.open_engine()
            place.job.work(self.engines[number], place)
        except Exception as error:  # noqa: BLE001 - the edge of a job
            self.failed(error)
        finally:
            with self.changed:
                del self.running[number]
                self.changed.notify_all()

    def close_engine(self, number: int) -> None:
        """Close the engine of a place, from its thread."""
        self.stale.discard(number)
        engine = self.engines.pop(number, None)
        if engine is not None:
            engine.close()

    def renew(self) -> None:
        """Have every engine opened anew before its next job."""
        with self.changed:
            self.stale.update(self.engines)

    def busiest(self) -> Place | None:
        """Where the job runs that has used the most processor time."""
        with self.changed:
            return max(self.running.values(), key=Place.used, default=None)

    def wait(self, timeout: float) -> bool:
        """Wait until nothing waits or runs; whether that is so."""
        with self.changed:
            return self.changed.wait_for(lambda: not self.waiting and not self.running, timeout)

    def interrupt(self) -> None:
        """End the running statements; from any thread."""
        for engine in list(self.engines.values()):
            interrupt(engine)

    def close(self) -> None:
        """Drop what waits, end what runs, and wait for it: the threads are those that write results."""
        with self.changed:
            self.closing = True
            self.waiting.clear()
            self.changed.notify_all()
            threads = list(self.threads.values())
        for thread in threads:
            while thread.is_alive():
                self.interrupt()
                thread.join(0.2)
        self.close_engine(0)
