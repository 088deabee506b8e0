"""Live queries as objects: list, state, results, stream, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.params import Parameter
from litestar.response import Stream
from msgspec import Raw, Struct
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from leadline.server.clock import iso
from leadline.server.domain import live
from leadline.server.domain.live import Totals
from leadline.server.errors import not_found
from leadline.server.instance import Instance
from leadline.server.rest.ids import After, Id
from leadline.server.rest.permissions import Permission
from leadline.server.rest.stream import events
from leadline.server.store import live as store

LISTED = 100
PAGE_BYTES = 8 << 20


class Host(Struct):
    """A target, as it was called when it was asked."""

    id: int
    hostname: str
    display_name: str


class Result(Struct):
    """What one host answered. ``rows`` are stored JSON, passed on as it is."""

    seq: int
    host: Host
    state: str
    error: str | None
    rows: Raw
    truncated: bool
    wall_time_ms: int


class User(Struct):
    """Who asked."""

    id: int | None
    name: str
    email: str


class LiveQuery(Struct):
    """A live query and how far it is."""

    id: int
    query: str
    status: str
    created_at: str | None
    finished_at: str | None
    expires_at: str | None
    created_by: User
    totals: Totals


async def present(instance: Instance, connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[LiveQuery]:
    """Live queries of stored rows; totals of running ones come from memory."""
    known = {row.id: instance.live.totals(row.id) for row in rows}
    counted = await store.counts(connection, [live_id for live_id, totals in known.items() if totals is None])
    return [
        LiveQuery(
            id=row.id,
            query=row.query,
            status=row.status,
            created_at=iso(row.created_at),
            finished_at=iso(row.finished_at),
            expires_at=iso(row.expires_at),
            created_by=User(row.user_id, row.user_name, row.user_email),
            totals=known[row.id] or live.totals(counted[row.id], row.row_count),
        )
        for row in rows
    ]


async def load(instance: Instance, connection: AsyncConnection, live_query_id: int) -> LiveQuery:
    """One live query. Raises ApiError 404."""
    row = await store.get(connection, live_query_id)
    if row is None:
        raise not_found(f"there is no live query {live_query_id}")
    return (await present(instance, connection, [row]))[0]


async def results_after(connection: AsyncConnection, live_query_id: int, after: int, limit: int) -> list[Result]:
    """At most ``limit`` results, and about 8 MiB, above a sequence number."""
    found: list[Result] = []
    size = 0
    while len(found) < limit and size < PAGE_BYTES:
        step = min(limit - len(found), 20)
        rows = await store.results(connection, live_query_id, after, step)
        for row in rows:
            host = Host(row.host_id, row.hostname, row.display_name)
            found.append(Result(row.seq, host, row.state, row.error, Raw(row.rows), row.truncated, row.wall_time_ms))
            size += len(row.rows)
            after = row.seq
        if len(rows) < step:
            break
    return found


@get("/live_queries", permission=Permission.READ_LIVE)
async def list_live_queries(instance: Instance) -> dict[str, list[LiveQuery]]:
    """The newest hundred."""
    async with instance.database.read() as connection:
        rows = await store.newest(connection, LISTED)
        return {"live_queries": await present(instance, connection, rows)}


@get("/live_queries/{live_query_id:int}", permission=Permission.READ_LIVE)
async def get_live_query(instance: Instance, live_query_id: Id) -> dict[str, LiveQuery]:
    """One."""
    async with instance.database.read() as connection:
        return {"live_query": await load(instance, connection, live_query_id)}


@get("/live_queries/{live_query_id:int}/results", permission=Permission.READ_LIVE)
async def get_results(
    instance: Instance,
    live_query_id: Id,
    after: After = 0,
    limit: Annotated[int, Parameter(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Results above a sequence number, and the number to go on from."""
    async with instance.database.read() as connection:
        query = await load(instance, connection, live_query_id)
        results = await results_after(connection, live_query_id, after, limit)
    return {"results": results, "next": results[-1].seq if results else after, "live_query": query}


@get("/live_queries/{live_query_id:int}/hosts", permission=Permission.READ_LIVE)
async def get_targets(instance: Instance, live_query_id: Id) -> dict[str, Any]:
    """Every target and its state."""
    async with instance.database.read() as connection:
        await load(instance, connection, live_query_id)
        rows = await store.targets(connection, live_query_id)
    return {
        "hosts": [
            {
                "host": Host(row.host_id, row.hostname, row.display_name),
                "state": instance.live.state(live_query_id, row.host_id) or row.state,
                "error": row.error,
                "rows": row.row_count,
                "answered_at": iso(row.answered_at),
            }
            for row in rows
        ]
    }


@get("/live_queries/{live_query_id:int}/events", permission=Permission.READ_LIVE)
async def stream_events(instance: Instance, live_query_id: Id, request: Request[Any, Any, Any]) -> Stream:
    """Server-sent events; resumes after ``Last-Event-ID``."""
    async with instance.database.read() as connection:
        await load(instance, connection, live_query_id)
    last = request.headers.get("last-event-id", "")
    after = int(last) if last.isascii() and last.isdigit() and len(last) < 19 else 0

    async def state() -> LiveQuery:
        async with instance.database.read() as connection:
            return await load(instance, connection, live_query_id)

    async def results(after: int) -> list[Result]:
        async with instance.database.read() as connection:
            return await results_after(connection, live_query_id, after, 100)

    return Stream(
        events(instance, live_query_id, after, state, results),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


@post("/live_queries/{live_query_id:int}/cancel", permission=Permission.RUN_LIVE, status_code=200)
async def cancel(instance: Instance, live_query_id: Id) -> dict[str, LiveQuery]:
    """End a live query; one that is over stays as it is."""
    async with instance.database.read() as connection:
        await load(instance, connection, live_query_id)
    await instance.live.cancel(live_query_id)
    async with instance.database.read() as connection:
        return {"live_query": await load(instance, connection, live_query_id)}


HANDLERS = [list_live_queries, get_live_query, get_results, get_targets, stream_events, cancel]
