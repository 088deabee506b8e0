"""A log file that only holds whole lines and only acknowledges what is on disk."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from leadline.server.errors import UnavailableError

QUEUE_BYTES = 64 << 20


class FileDestination:
    """Appends to one file. Requests that arrive while a write is under way share the next one, and its fdatasync.

    The file is opened anew when it was renamed or removed, so logrotate needs no signal.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = -1
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "log file")

    async def append(self, lines: Sequence[bytes]) -> None:
        """Write lines. Raises UnavailableError when the disk is full or too much is waiting for it."""
        if not lines:
            return
        data = b"\n".join(lines) + b"\n"
        if self._bytes + len(data) > QUEUE_BYTES:
            raise UnavailableError("more log lines arrive than the disk takes", 10)
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((data, written))
        self._bytes += len(data)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain(), name=f"log file {self.path}")
        try:
            await asyncio.shield(written)
        finally:
            self._bytes -= len(data)

    async def close(self) -> None:
        """Wait for writes under way and close the file."""
        if self._task is not None:
            await self._task
        self._thread.shutdown()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            data = b"".join(part for part, _ in batch)
            failure: Exception | None = None
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._write, data)
            except OSError as error:
                failure = UnavailableError(f"log lines cannot be written: {error.strerror}", 30)
            for _, written in batch:
                if not written.done():
                    if failure is None:
                        written.set_result(None)
                    else:
                        written.set_exception(failure)
                        written.exception()  # a requester that is gone does not collect it

    def _write(self, data: bytes) -> None:
        self._open()
        size = os.fstat(self._descriptor).st_size
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            os.fdatasync(self._descriptor)
        except OSError:
            # A full disk may take half a line: the agent sends the whole batch again, so none of it may stay.
            os.ftruncate(self._descriptor, size)
            raise

    def _open(self) -> None:
        if self._descriptor >= 0:
            held = os.fstat(self._descriptor)
            try:
                found = os.stat(self.path)
            except FileNotFoundError:
                found = None
            if found is not None and (held.st_dev, held.st_ino) == (found.st_dev, found.st_ino):
                return
            os.close(self._descriptor)
            self._descriptor = -1
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
