"""Statements about live queries, on both databases."""

from __future__ import annotations

from typing import Any

from leadline.server.store import live as store
from leadline.server.store.database import Database
from leadline.server.store.live import Target

NOW = 1_795_500_000_000


def result(query: int, seq: int, host: int, **values: Any) -> dict[str, Any]:
    return {
        "live_query_id": query, "seq": seq, "host_id": host, "state": "answered", "error": None, "rows": b"[]",
        "row_count": 0, "truncated": False, "wall_time_ms": 0, "at": NOW, **values,
    }  # fmt: skip


async def add(connection: Any, hosts: int = 2) -> int:
    targets = [Target(host_id=n, hostname=f"h{n}", display_name=f"H{n}", state="queued") for n in range(1, hosts + 1)]
    return await store.add(
        connection, query="select 1", now=NOW, expires_at=NOW + 1, user=(1, "A", "a@b"), targets=targets
    )


def test_results_page_in_order_with_names_of_their_hosts(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            query = await add(connection)
            await store.add_results(connection, [result(query, 1, 2), result(query, 2, 1)])
            found = await store.results(connection, query, 0, 10)
            assert [(row.seq, row.hostname, row.display_name) for row in found] == [(1, "h2", "H2"), (2, "h1", "H1")]
            assert [row.seq for row in await store.results(connection, query, 1, 10)] == [2]
            assert [row.seq for row in await store.results(connection, query, 0, 1)] == [1]

    play(scenario)


def test_a_later_result_of_a_host_replaces_the_earlier(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            query = await add(connection)
            await store.add_results(connection, [result(query, 1, 1, state="timed_out", error="silent", at=None)])
            await store.add_results(connection, [result(query, 2, 1, rows=b"[{}]", row_count=1)])
            (row,) = await store.results(connection, query, 0, 10)
            assert (row.seq, row.state, row.error) == (2, "answered", None)
            target = (await store.targets(connection, query))[0]
            assert (target.state, target.error, target.row_count, target.answered_at) == ("answered", None, 1, NOW)

    play(scenario)


def test_states_are_counted_and_keep_when_they_were_sent(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            query, other = await add(connection, 3), await add(connection, 1)
            await store.set_states(connection, [(query, 1, "sent", NOW), (query, 2, "offline", None)])
            await store.set_states(connection, [(query, 1, "offline", None)])
            assert await store.counts(connection, [query, other]) == {
                query: {"offline": 2, "queued": 1},
                other: {"queued": 1},
            }
            assert [target.sent_at for target in await store.targets(connection, query)] == [NOW, None, None]
            assert sorted(await store.target_states(connection, other)) == [(1, "queued")]

    play(scenario)


def test_old_queries_are_dropped_with_all_that_belongs_to_them(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            old, young, running = [await add(connection) for _ in range(3)]
            await store.add_results(connection, [result(query, 1, 1) for query in (old, young, running)])
            await store.save(connection, old, seq=1, rows=0, status="finished", finished_at=NOW - 1)
            await store.save(connection, young, seq=1, rows=0, status="finished", finished_at=NOW)
            assert await store.drop_before(connection, NOW) == 1
            assert [row.id for row in await store.newest(connection, 10)] == [running, young]
            assert await store.results(connection, old, 0, 10) == []
            assert await store.targets(connection, old) == []
            assert [row.id for row in await store.running(connection)] == [running]

    play(scenario)
