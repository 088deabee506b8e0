"""Signals within one process."""

from __future__ import annotations

import asyncio


class MemorySignals:
    """See :class:`leadline.server.live.protocol.Signals`. Keeps nothing of a topic nobody waits for but a number."""

    def __init__(self) -> None:
        self._now = 0
        self._versions: dict[int, int] = {}
        self._waiters: dict[int, set[asyncio.Future[None]]] = {}
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the server is going down."""
        return self._closed

    def version(self, topic: int) -> int:
        """The version now."""
        return self._versions.get(topic, 0)

    def notify(self, topic: int) -> None:
        """Wake whoever waits for the topic."""
        self._now += 1
        self._versions[topic] = self._now
        for waiter in self._waiters.pop(topic, ()):
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, topic: int, version: int, seconds: float) -> bool:
        """Sleep until the topic is newer than ``version``."""
        if self._closed or self.version(topic) > version:
            return not self._closed
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiters = self._waiters.setdefault(topic, set())
        waiters.add(waiter)
        try:
            await asyncio.wait_for(waiter, seconds)
        except TimeoutError:
            return False
        finally:
            waiters.discard(waiter)
            if not waiters and self._waiters.get(topic) is waiters:
                del self._waiters[topic]
        return not self._closed

    def close(self) -> None:
        """Wake everybody; later waits return at once."""
        self._closed = True
        for topic in list(self._waiters):
            self.notify(topic)
