"""The bookkeeping of live queries with a clock in the test's hand, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from leadline.server.checkin.registry import HostRecord, Registry
from leadline.server.domain import live
from leadline.server.domain.live import Outcome
from leadline.server.errors import UnavailableError
from leadline.server.live.memory import MemorySignals
from leadline.server.live.queries import LiveQueries
from leadline.server.logging import configure
from leadline.server.settings import Limits
from leadline.server.store import live as store
from leadline.server.store import migrations
from leadline.server.store.database import Database, connect
from leadline.server.store.users import User

START = 1_795_500_000_000
USER = User(id=1, email="a@b", name="A", global_role="admin", created_at=START, updated_at=START)


class World:
    """A live-query keeper over a real database, with hosts and a clock."""

    def __init__(self, database: Database, **limits: Any) -> None:
        self.database = database
        self.now = START
        self.registry = Registry(3600)
        self.limits = Limits(**limits)
        self.live = self.keeper()

    def keeper(self) -> LiveQueries:
        return LiveQueries(
            self.database, self.registry, MemorySignals(), self.limits, lambda: self.now, configure("error")
        )

    def host(self, number: int) -> HostRecord:
        record = self.registry.put(number, bytes([number]) * 32)
        record.hostname, record.interval, record.seen_at = f"h{number}", 10, self.now
        return record

    def see(self, record: HostRecord) -> dict[str, str]:
        record.seen_at = self.now
        return self.live.take(record, self.now)

    async def answer(self, number: int, record: HostRecord, **values: Any) -> None:
        outcome = Outcome(live_query_id=number, host_id=record.id, state=live.EMPTY, at=self.now)
        for name, value in values.items():
            setattr(outcome, name, value)
        await self.live.answer(outcome)

    async def tick(self, seconds: float) -> None:
        self.now += int(seconds * 1000)
        self.live.tick(self.now)
        await self.live._put(None)  # everything offered before is stored when this is

    async def stored(self, number: int) -> tuple[str, dict[str, int]]:
        async with self.database.read() as connection:
            row = await store.get(connection, number)
            assert row is not None
            return row.status, (await store.counts(connection, [number]))[number]


@pytest.fixture
def world(database_url: str) -> Callable[..., None]:
    """Runs a scenario in a world of its own."""

    def play(scenario: Callable[[World], Awaitable[None]], **limits: Any) -> None:
        async def run() -> None:
            database = connect(database_url)
            await migrations.migrate(database)
            world = World(database, **limits)
            await world.live.start()
            try:
                await scenario(world)
            finally:
                await world.live.stop()
                await database.close()

        asyncio.run(run())

    return play


def test_a_host_that_goes_silent_before_it_took_the_query_counts_as_offline(world: Any) -> None:
    async def scenario(w: World) -> None:
        here, gone = w.host(1), w.host(2)
        gone.seen_at -= 3_600_000
        number = await w.live.create("select 1", [here, gone], USER)
        assert await w.stored(number) == ("running", {"queued": 1, "offline": 1})
        await w.tick(71)
        assert await w.stored(number) == ("running", {"offline": 2})
        assert w.see(gone)
        await w.answer(number, gone)
        assert await w.stored(number) == ("running", {"offline": 1, "empty": 1})

    world(scenario)


def test_a_host_that_took_the_query_and_is_silent_has_timed_out_and_may_still_answer(world: Any) -> None:
    async def scenario(w: World) -> None:
        silent, other = w.host(1), w.host(2)
        number = await w.live.create("select 1", [silent, other], USER)
        w.see(silent)
        await w.tick(100)
        assert (await w.stored(number))[1] == {"sent": 1, "offline": 1}
        await w.tick(201)
        assert (await w.stored(number))[1] == {"timed_out": 1, "offline": 1}
        await w.answer(number, silent, state=live.ANSWERED, rows=b'[{"a":"1"}]', row_count=1)
        assert (await w.stored(number))[1] == {"answered": 1, "offline": 1}
        async with w.database.read() as connection:
            found = await store.results(connection, number, 0, 10)
        assert [(row.seq, row.state, row.rows) for row in found] == [(2, "answered", b'[{"a":"1"}]')]

    world(scenario)


def test_when_the_window_closes_the_query_expires(world: Any) -> None:
    async def scenario(w: World) -> None:
        sent, away = w.host(1), w.host(2)
        number = await w.live.create("select 1", [sent, away], USER, lifetime=30)
        w.see(sent)
        await w.tick(31)
        assert await w.stored(number) == ("expired", {"timed_out": 1, "queued": 1})
        assert w.live.running == 0
        assert w.see(away) == {}
        assert not sent.pending
        assert not away.pending

    world(scenario)


def test_a_new_keeper_takes_up_what_ran(world: Any) -> None:
    async def scenario(w: World) -> None:
        done, sent, queued = w.host(1), w.host(2), w.host(3)
        number = await w.live.create("select 1", [done, sent, queued], USER)
        w.see(done)
        w.see(sent)
        await w.answer(number, done, state=live.ANSWERED, rows=b"[{}]", row_count=1)
        await w.live.stop()
        for record in (done, sent, queued):
            record.pending.clear()
        w.live = w.keeper()
        await w.live.start()
        assert w.see(done) == {}
        assert list(w.see(sent).values()) == list(w.see(queued).values()) == ["select 1"]
        await w.answer(number, sent)
        await w.answer(number, queued, state=live.FAILED, error="no")
        assert await w.stored(number) == ("finished", {"answered": 1, "empty": 1, "failed": 1})
        async with w.database.read() as connection:
            assert [row.seq for row in await store.results(connection, number, 0, 10)] == [1, 2, 3]

    world(scenario)


def test_rows_of_one_query_are_limited_in_all(world: Any) -> None:
    async def scenario(w: World) -> None:
        hosts = [w.host(number) for number in (1, 2, 3)]
        number = await w.live.create("select 1", hosts, USER)
        for record in hosts:
            w.see(record)
            await w.answer(number, record, state=live.ANSWERED, rows=b"[{},{}]", row_count=2)
        async with w.database.read() as connection:
            found = await store.results(connection, number, 0, 10)
        assert [(row.row_count, row.truncated) for row in found] == [(2, False), (2, False), (0, True)]

    world(scenario, live_total_rows=5)


def test_answers_that_arrive_together_are_stored_together_and_all_of_them(world: Any) -> None:
    async def scenario(w: World) -> None:
        hosts = [w.host(number) for number in range(1, 200)]
        number = await w.live.create("select 1", hosts, USER)
        for record in hosts:
            w.see(record)
        await asyncio.gather(*(w.answer(number, record) for record in hosts for _ in range(2)))
        assert await w.stored(number) == ("finished", {"empty": 199})

    world(scenario)


def test_an_answer_that_cannot_be_stored_is_handed_back_and_holds_nobody_up(world: Any) -> None:
    async def scenario(w: World) -> None:
        odd, other = w.host(1), w.host(2)
        number = await w.live.create("select 1", [odd, other], USER)
        w.see(odd)
        w.see(other)
        failed, stored = await asyncio.gather(
            w.answer(number, odd, wall_time_ms=2**70), w.answer(number, other), return_exceptions=True
        )
        assert isinstance(failed, UnavailableError)
        assert stored is None
        assert w.live.state(number, 1) == "sent"
        await w.answer(number, odd)
        assert await w.stored(number) == ("finished", {"empty": 2})

    world(scenario)


def test_more_than_the_database_takes_is_refused_for_now(world: Any) -> None:
    async def scenario(w: World) -> None:
        record, other = w.host(1), w.host(2)
        number = await w.live.create("select 1", [record, other], USER)
        w.see(record)
        async with w.live._database.write():  # the writer has to wait for this transaction on SQLite
            large = asyncio.create_task(w.answer(number, record, rows=b"[" + b" " * (63 << 20) + b"]"))
            await asyncio.sleep(0)
            with pytest.raises(UnavailableError, match="more answers"):
                await w.answer(number, other, rows=b"[" + b" " * (2 << 20) + b"]")
        await large

    world(scenario)
