"""Signals within one process."""

from __future__ import annotations

import asyncio

from leadline.server.live.memory import MemorySignals


def test_a_signal_between_look_and_sleep_is_not_lost() -> None:
    async def scenario() -> bool:
        signals = MemorySignals()
        version = signals.version(1)
        signals.notify(1)
        return await signals.wait(1, version, 5)

    assert asyncio.run(scenario())


def test_only_the_topic_wakes() -> None:
    async def scenario() -> tuple[bool, bool]:
        signals = MemorySignals()
        first, second = (asyncio.create_task(signals.wait(topic, 0, 0.2)) for topic in (1, 2))
        await asyncio.sleep(0)
        signals.notify(2)
        return await first, await second

    assert asyncio.run(scenario()) == (False, True)


def test_closing_wakes_everybody_and_keeps_nobody_waiting() -> None:
    async def scenario() -> list[bool]:
        signals = MemorySignals()
        waiting = asyncio.create_task(signals.wait(1, 0, 60))
        await asyncio.sleep(0)
        signals.close()
        return [await waiting, await signals.wait(1, 0, 60), signals.closed]

    assert asyncio.run(scenario()) == [False, False, True]
