"""The thread that carries carves out, one after the other: collect, pack, deliver."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event, Thread
from time import monotonic, time

import apsw

from leadline.agent.carving import collect
from leadline.agent.carving.archive import Archive
from leadline.agent.carving.errors import (
    ARCHIVE_FAILED,
    CREATE_PATHS_FAILED,
    DATA_POST_FAILED,
    CarveError,
    StoppedError,
)
from leadline.agent.carving.pace import Pace
from leadline.agent.carving.records import PENDING, STARTING, SUCCESS, Record, Records
from leadline.agent.carving.sink import Sink
from leadline.flags import Flags
from leadline.plugins.errors import PluginError, RefusedError, UnusableError
from leadline.plugins.kinds import Block, Carve
from leadline.plugins.kinds import Carver as Plugin

log = logging.getLogger(__name__)

IDLE = 60.0
"""Seconds between two looks for carves that have expired."""

LONGEST = 600.0
"""Longest wait in seconds after a failure."""

MOST_TRIES = 5
"""How often an archive is begun: one that the watchdog stops again and again is given up."""

BUSY = (408, 429, 502, 503, 504)
"""Statuses of a server that may take later what it does not take now."""

REFUSALS = 4
FAILURES = 20
"""How often in a row a server may refuse a block or a carve, and how often it may say that something in it is wrong."""

PIECE = 3 << 14
"""Bytes of a block that are in memory at once; a multiple of 3, so that pieces in base64 can be joined."""


class Carver(Thread):
    """Works in ``directory``, where there is one archive at a time, of the carve that has waited longest."""

    def __init__(
        self,
        flags: Flags,
        records: Records,
        plugin: Plugin,
        directory: str,
        pace: Pace,
        stopping: Event,
        clock: Callable[[], float] = time,
    ) -> None:
        super().__init__(name="carver", daemon=True)
        self.flags = flags
        self.records = records
        self.plugin = plugin
        self.directory = directory
        self.pace = pace
        self.stopping = stopping
        self.clock = clock
        self.wake = Event()
        self.failures = 0
        self.due = 0.0  # on the monotonic clock
        records.wake = self.wake.set

    def run(self) -> None:
        """Carve until told to stop."""
        try:
            self.recover()
        except StoppedError:
            return
        except Exception:
            log.exception("Looking for archives of earlier carves failed")
        while not self.stopping.is_set():
            self.wake.clear()
            try:
                self.turn()
                pause = IDLE if self.records.next() is None else self.due - monotonic()
            except StoppedError:
                return
            except Exception:
                log.exception("The carver failed")
                pause = IDLE
            if pause > 0:
                self.wake.wait(pause)

    def turn(self) -> None:
        """One step further with the oldest carve, unless it waits after a failure."""
        self.records.expire()
        if monotonic() < self.due:
            return
        record = self.records.next()
        if record is None:
            return
        try:
            if not record.sha256 or not self.whole(record):
                record = self.build(record)
            self.deliver(record)
        except PluginError as error:
            self.failed(record, error)
        except CarveError as error:
            self.give_up(record, error.status, str(error))
        except (OSError, apsw.Error) as error:
            log.warning("The carve %s waits: %s", record.guid, error)
            self.due = monotonic() + IDLE

    def recover(self) -> None:
        """After a start: remove archives that nobody waits for, and those that are not what was noted."""
        waiting = {self.path(record): record for record in self.records.waiting() if record.sha256}
        for path in self.archives():
            record = waiting.get(path)
            if record is None or not self.whole(record) or self.digest(path) != record.sha256:
                os.remove(path)
        for path, record in waiting.items():
            if not os.path.exists(path):
                self.records.change(record.guid, sha256="", size=-1, session="", block=0)

    def archives(self) -> Iterator[str]:
        """What lies in the directory."""
        try:
            names = os.listdir(self.directory)
        except FileNotFoundError:
            return
        yield from (os.path.join(self.directory, name) for name in names)

    def path(self, record: Record) -> str:
        """Where the archive of a carve lies."""
        return os.path.join(self.directory, record.guid)

    def whole(self, record: Record) -> bool:
        """Whether the archive is there in its full length."""
        try:
            return os.stat(self.path(record)).st_size == record.size
        except OSError:
            return False

    def digest(self, path: str) -> str:
        """The SHA-256 of a file."""
        found = hashlib.sha256()
        with open(path, "rb", buffering=0) as file:
            while piece := file.read(1 << 18):
                found.update(piece)
                self.pace.rest()
        return found.hexdigest()

    def build(self, record: Record) -> Record:
        """Make the archive. Raises CarveError."""
        if record.tries >= MOST_TRIES:
            raise CarveError(ARCHIVE_FAILED, f"the agent ended {record.tries} times while it made the archive")
        log.info("Carving %s for request %s", record.wanted.shown()[:200], record.request)
        self.records.change(record.guid, status=STARTING, tries=record.tries + 1)
        try:
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
        except OSError as error:
            raise CarveError(CREATE_PATHS_FAILED, f"cannot make {self.directory}: {error.strerror}") from error
        self.records.change(record.guid, status=PENDING)
        limit = self.flags.number("carver_disk_limit") << 20
        compress = self.flags.on("carver_compression")
        sink = Sink(self.path(record), limit, compress=compress, rest=self.pace.rest)
        try:
            self.fill(Archive(sink), record)
        except StoppedError:
            self.records.change(record.guid, tries=record.tries)  # not the carve's doing
            raise
        finally:
            sink.close()
        digest = sink.digest.hexdigest()
        self.records.change(record.guid, sha256=digest, size=sink.size, session="", block=0, tries=0)
        return record._replace(sha256=digest, size=sink.size, session="", block=0, tries=0)

    def fill(self, archive: Archive, record: Record) -> None:
        """Put in what is wanted."""
        for path in collect.paths(record.wanted, self.stopping.is_set):
            if not path.endswith("/") or record.wanted.names:
                archive.add(path)
            self.pace.rest()
        if self.stopping.is_set():
            raise StoppedError
        about: dict[str, object] = {
            "carve_guid": record.guid,
            "request_id": record.request,
            "path": record.wanted.names or [text for _, text in record.wanted.patterns],
        }
        archive.finish(record.guid, about, self.clock)
        log.info(
            "Carve %s: %d files, %d bytes, %d problems",
            record.guid, archive.files, archive.bytes, len(archive.problems) + archive.more,
        )  # fmt: skip
        for problem in archive.problems[:10]:
            log.warning("Carve %s: %s %s", record.guid, problem.path, problem.reason)

    def deliver(self, record: Record) -> None:
        """Bring the archive to its destination, from the first block on that it does not have. Raises PluginError."""
        if not record.session:
            size = self.flags.number("carver_block_size") or PIECE
            session = self.plugin.start(carve(record._replace(block_size=size)))
            record = record._replace(session=session, block_size=size, block=0)
            self.records.change(record.guid, session=session, block_size=size, block=0)
        whole = carve(record)
        descriptor = os.open(self.path(record), os.O_RDONLY | os.O_CLOEXEC)
        try:
            for number in range(record.block, whole.block_count):
                self.plugin.send(whole, record.session, block(descriptor, whole, number))
                self.records.change(record.guid, block=number + 1)
                self.failures = 0
                self.pace.rest()
        finally:
            os.close(descriptor)
        self.records.end(record.guid, SUCCESS)
        self.remove(record)
        log.info("Carve %s: delivered %d bytes, SHA-256 %s", record.guid, record.size, record.sha256)

    def failed(self, record: Record, error: PluginError) -> None:
        """After a failure: try again later, in a new session when the server does not take the next block."""
        if self.stopping.is_set():
            raise StoppedError from error
        self.failures += 1
        expired = self.clock() - record.time > self.flags.number("carver_expiry")
        if isinstance(error, UnusableError) or self.failures >= patience(error) or expired:
            self.give_up(record, DATA_POST_FAILED, str(error))
            return
        wait = max(min(float(self.failures**2), LONGEST), error.retry_after)
        self.due = monotonic() + wait
        level = logging.WARNING if self.failures == 1 else logging.INFO
        log.log(level, "Carve %s: %s; next try in %g s", record.guid, error, wait)
        if isinstance(error, RefusedError) and error.status not in BUSY and self.failures % 2 == 0:
            self.records.change(record.guid, session="", block=0)

    def give_up(self, record: Record, status: str, sentence: str) -> None:
        """The carve has failed."""
        log.error("Carve %s of %s failed (%s): %s", record.guid, record.wanted.shown()[:200], status, sentence)
        self.records.end(record.guid, status)
        self.failures = 0
        self.due = 0.0
        self.remove(record)

    def remove(self, record: Record) -> None:
        """Remove the archive."""
        try:
            os.remove(self.path(record))
        except FileNotFoundError:
            pass
        except OSError as error:
            log.warning("Cannot remove the archive %s: %s", self.path(record), error.strerror)

    def clear(self) -> None:
        """Remove everything, for an agent that keeps no state."""
        for path in self.archives():
            os.remove(path)
        with suppress(OSError):
            os.rmdir(self.directory)

    def stop(self) -> None:
        """Called by another thread when ``stopping`` has been set."""
        self.wake.set()
        self.plugin.cancel()


def patience(error: PluginError) -> float:
    """How often in a row this may go wrong before the carve is given up; one that cannot be reached has until then."""
    if not isinstance(error, RefusedError) or error.status in BUSY:
        return float("inf")
    return FAILURES if error.status >= 500 else REFUSALS


def carve(record: Record) -> Carve:
    """What the plugin is told of a carve."""
    return Carve(record.guid, record.request, record.size, record.sha256, record.block_size)


def block(descriptor: int, whole: Carve, number: int) -> Block:
    """One block of the archive."""
    start = number * whole.block_size
    end = min(whole.size, start + whole.block_size)

    def pieces() -> Iterator[bytes]:
        for offset in range(start, end, PIECE):
            yield os.pread(descriptor, min(PIECE, end - offset), offset)

    return Block(number, end - start, pieces)
