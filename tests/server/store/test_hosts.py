"""Statements about hosts, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from leadline.server.store import hosts as store
from leadline.server.store.database import Database
from leadline.server.store.hosts import Filter

NOW = 1_795_500_000_000
HOUR = 3_600_000


async def enroll(connection: AsyncConnection, name: str, **values: Any) -> int:
    told = {"hostname": name, "node_key_hash": name.encode().ljust(32, b"."), "distributed_interval": 10, **values}
    seen = told.pop("seen", NOW)
    host_id, _ = await store.enroll(connection, f"id-{name}", "", "", told, NOW)
    await store.save_seen(connection, [(host_id, seen)])
    return host_id


async def names(connection: AsyncConnection, wanted: Filter, order: str = "hostname", **options: Any) -> list[str]:
    options = {"descending": False, "offset": 0, "limit": 100, **options}
    rows = await store.page(connection, wanted, NOW, order=order, **options)
    assert await store.count(connection, wanted, NOW) >= len(rows)
    return [row.hostname for row in rows]


def test_status_follows_the_last_check_in(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            await enroll(connection, "fresh")
            await enroll(connection, "late", seen=NOW - 70_000)
            await enroll(connection, "gone", seen=NOW - 70_001)
            await enroll(connection, "slow", seen=NOW - 300_000, distributed_interval=3600)
            await enroll(connection, "quick", seen=NOW - 300_000, distributed_interval=3600, config_tls_refresh=30)
            await enroll(connection, "untold", seen=NOW - 70_000, distributed_interval=0)
            await enroll(connection, "missing", seen=NOW - 31 * 24 * HOUR)
            online = await names(connection, Filter(status="online"))
            offline = await names(connection, Filter(status="offline"))
            assert online == ["fresh", "late", "slow", "untold"]
            assert offline == ["gone", "missing", "quick"]
            assert await names(connection, Filter(status="mia")) == ["missing"]
            assert len(await names(connection, Filter(status="new"))) == 7
            assert await names(connection, Filter(status="unheard of")) == []
            summary = await store.summary(connection, NOW)
            assert summary == {"total": 7, "online": 4, "mia": 1, "new": 7}

    play(scenario)


@pytest.mark.parametrize("hostile", ["%", "_", "\\", "'", "a' OR '1'='1", "%' --", "\u0130", "]"])
def test_a_search_is_text_and_no_pattern(play: Any, hostile: str) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            await enroll(connection, "plain")
            await enroll(connection, f"x{hostile}y")
            assert await names(connection, Filter(query=hostile)) == [f"x{hostile}y"]

    play(scenario)


def test_a_search_ignores_case_and_looks_at_several_columns(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            await enroll(connection, "Alpha", hardware_serial="SER-1", primary_ip="192.0.2.7")
            await enroll(connection, "beta", uuid="abc-def")
            assert await names(connection, Filter(query="ALPHA")) == ["Alpha"]
            assert await names(connection, Filter(query="ser-1")) == ["Alpha"]
            assert await names(connection, Filter(query="192.0.2")) == ["Alpha"]
            assert await names(connection, Filter(query="C-D")) == ["beta"]
            assert await names(connection, Filter(query="A", status="offline")) == []

    play(scenario)


def test_every_order_sorts_and_pages_without_overlap(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            for name in "dbac":
                await enroll(connection, name)
            for order in store.ORDER:
                first = await names(connection, Filter(), order, limit=2)
                second = await names(connection, Filter(), order, limit=2, offset=2)
                assert sorted(first + second) == ["a", "b", "c", "d"], order
            assert await names(connection, Filter(), "display_name") == ["a", "b", "c", "d"]
            assert await names(connection, Filter(), descending=True) == ["d", "c", "b", "a"]

    play(scenario)


def test_no_order_and_no_row_shows_a_secret(play: Any) -> None:
    assert not [name for name in store.ORDER if "key" in name]

    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            host_id = await enroll(connection, "a")
            row = await store.get(connection, host_id)
            assert row is not None
            assert "node_key_hash" not in row._asdict()

    play(scenario)


def test_ids_are_never_used_again(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            first = await enroll(connection, "a")
            assert await store.remove(connection, first)
            assert not await store.remove(connection, first)
            assert await enroll(connection, "a") > first

    play(scenario)


def test_a_host_is_recognised_by_identifier_or_by_hardware_with_database(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            values = {"uuid": "U", "instance_id": "I"}
            first, new = await store.enroll(connection, "one", "U", "I", values, NOW)
            assert new
            assert await store.enroll(connection, "one", "U", "other", values, NOW) == (first, False)
            assert await store.enroll(connection, "renamed", "U", "I", values, NOW) == (first, False)
            clone, new = await store.enroll(connection, "clone", "U", "J", {"uuid": "U", "instance_id": "J"}, NOW)
            assert new
            assert clone != first
            blank, new = await store.enroll(connection, "blank", "", "", {}, NOW)
            assert (await store.enroll(connection, "blank too", "", "", {}, NOW))[0] != blank

    play(scenario)


def test_hosts_are_found_by_any_of_their_names(play: Any) -> None:
    async def scenario(database: Database) -> None:
        async with database.write() as connection:
            await enroll(connection, "a", uuid="U", hardware_serial="S")
            await enroll(connection, "b")
            for name in ("a", "U", "S", "id-a"):
                assert [row.hostname for row in await store.identify(connection, [name])] == ["a"]
            assert len(await store.identify(connection, ["a", "b", "c", ""])) == 2
            assert await store.identify(connection, [""]) == []

    play(scenario)
