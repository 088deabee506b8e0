"""Digests of files: several in one reading, many files at a time, in the order they were asked for."""

from __future__ import annotations

import os
import stat
from _thread import allocate_lock  # threading itself takes a millisecond to import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from queue import SimpleQueue
    from threading import Event

    Digests = dict[str, str]

_CHUNK = 256 << 10
_MOST_THREADS = 4  # an agent must leave a large server's other processors alone
_WINDOW = 8  # files under way for each thread
_PATIENCE = 0.5  # seconds between two looks at whether the query is still wanted

# Whether a file is still the one that was read: device, inode, size, and both times in nanoseconds.
Version = tuple[int, int, int, int, int]


class Digest:
    """The hexadecimal digests of one file by algorithm, empty when it could not be read or is too large."""

    __slots__ = ("digests", "version")

    def __init__(self, digests: Digests, version: Version | None) -> None:
        self.digests = digests
        self.version = version


class Cache:
    """The digests of the files read last, at most ``size``; valid while a file keeps its version. For any thread."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._lock = allocate_lock()
        self._known: dict[str, Digest] = {}

    def find(self, path: str, algorithms: Sequence[str]) -> Digest | None:
        """The digests when all that are asked for are known and the file has not changed."""
        with self._lock:
            known = self._known.get(path)
        if known is None or not all(algorithm in known.digests for algorithm in algorithms):
            return None
        try:
            if version(os.stat(path)) != known.version:
                return None
        except OSError:
            return None
        with self._lock:
            self._known[path] = self._known.pop(path, known)
        return known

    def keep(self, path: str, digest: Digest) -> None:
        """Remember the digests of a file; the ones unused for longest give way."""
        if self.size < 1 or digest.version is None or not digest.digests:
            return
        with self._lock:
            known = self._known.pop(path, None)
            if known and known.version == digest.version:
                digest = Digest({**known.digests, **digest.digests}, digest.version)
            self._known[path] = digest
            while len(self._known) > self.size:
                del self._known[next(iter(self._known))]


def version(status: os.stat_result) -> Version:
    """What changes when the content of a file does."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def of_file(path: str, algorithms: Sequence[str], largest: int) -> Digest | None:
    """The digests of a regular file of at most ``largest`` bytes; None when there is no regular file.

    Devices and FIFOs are never waited for, even when one takes the file's place between two calls.
    """
    import hashlib

    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except PermissionError:
        return Digest({}, None)
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return None
        if status.st_size > largest:
            return Digest({}, None)
        hashes = [hashlib.new(algorithm, usedforsecurity=False) for algorithm in algorithms]
        buffer = bytearray(min(status.st_size + 1, _CHUNK))
        view = memoryview(buffer)
        total = 0
        while length := os.readv(handle, [buffer]):
            total += length
            if total > largest:  # it grows while we read, or is one of /proc's that have no size
                return Digest({}, None)
            for one in hashes:
                one.update(view[:length])
        digests = {algorithm: one.hexdigest() for algorithm, one in zip(algorithms, hashes, strict=True)}
        return Digest(digests, version(status))
    except OSError:
        return Digest({}, None)
    finally:
        os.close(handle)


class _Job:
    """One file that a thread is to read."""

    __slots__ = ("done", "path", "result")

    def __init__(self, path: str, done: Event) -> None:
        self.path = path
        self.done = done
        self.result: Digest | None = None


def of_files(
    paths: Iterable[str], algorithms: Sequence[str], largest: int, cache: Cache, cancelled: Callable[[], bool]
) -> Iterator[tuple[str, Digest | None]]:
    """The paths in their order, each with what :func:`of_file` says of it.

    A single path is read at once. With more, threads read ahead by a bounded number of files; they end when the
    caller closes the iterator, or when ``cancelled`` says that nobody waits any more.
    """
    remaining = iter(paths)
    first = next(remaining, None)
    if first is None:
        return
    second = next(remaining, None)
    if second is None:
        yield first, cache.find(first, algorithms) or _read(first, algorithms, largest, cache)
        return
    from itertools import chain

    yield from _ahead(chain((first, second), remaining), algorithms, largest, cache, cancelled)


def _read(path: str, algorithms: Sequence[str], largest: int, cache: Cache) -> Digest | None:
    found = of_file(path, algorithms, largest)
    if found:
        cache.keep(path, found)
    return found


def _ahead(
    paths: Iterable[str], algorithms: Sequence[str], largest: int, cache: Cache, cancelled: Callable[[], bool]
) -> Iterator[tuple[str, Digest | None]]:
    from collections import deque
    from queue import SimpleQueue
    from threading import Event, Thread

    queue: SimpleQueue[_Job | None] = SimpleQueue()
    threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS)
    for _ in range(threads):
        Thread(target=_work, args=(queue, algorithms, largest), name="digest", daemon=True).start()
    pending: deque[_Job] = deque()

    def finish() -> tuple[str, Digest | None]:
        job = pending.popleft()
        while not job.done.wait(_PATIENCE):
            if cancelled():  # a file system may hang for minutes
                pending.clear()
                return job.path, None
        if job.result:
            cache.keep(job.path, job.result)
        return job.path, job.result

    try:
        for path in paths:
            job = _Job(path, Event())
            pending.append(job)
            job.result = cache.find(path, algorithms)
            if job.result:
                job.done.set()
            else:
                queue.put(job)
            if len(pending) > threads * _WINDOW:
                yield finish()
        while pending:
            yield finish()
    finally:
        while not queue.empty():
            queue.get_nowait()
        for _ in range(threads):
            queue.put(None)


def md5(data: bytes) -> str:
    """The MD5 digest of bytes at hand, in hexadecimal: it tells things apart, it does not protect them."""
    if TYPE_CHECKING:
        from hashlib import md5 as digest
    else:
        try:
            from _md5 import md5 as digest  # all of hashlib takes 3 ms to import
        except ImportError:
            from hashlib import md5 as digest
    return digest(data, usedforsecurity=False).hexdigest()


def _work(queue: SimpleQueue[_Job | None], algorithms: Sequence[str], largest: int) -> None:
    while job := queue.get():
        try:
            job.result = of_file(job.path, algorithms, largest)
        finally:
            job.done.set()
