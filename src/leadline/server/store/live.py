"""Statements about live queries, their targets and results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import BigInteger, Row, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from leadline.server.store.tables import live_queries, live_results, live_targets


class Target(Struct, frozen=True, kw_only=True):
    """A host that a live query is for, with its names of that moment."""

    host_id: int
    hostname: str
    display_name: str
    state: str


async def add(
    connection: AsyncConnection,
    *,
    query: str,
    now: int,
    expires_at: int,
    user: tuple[int | None, str, str],
    targets: Sequence[Target],
) -> int:
    """Store a running live query; ``user`` is id, name and e-mail address. Returns the id."""
    values = {
        "query": query,
        "status": "running",
        "created_at": now,
        "expires_at": expires_at,
        "user_id": user[0],
        "user_name": user[1],
        "user_email": user[2],
    }
    done = await connection.execute(insert(live_queries).values(values).returning(live_queries.c.id))
    live_query_id = int(done.scalar_one())
    rows = [
        {
            "live_query_id": live_query_id,
            "host_id": target.host_id,
            "hostname": target.hostname,
            "display_name": target.display_name,
            "state": target.state,
        }
        for target in sorted(targets, key=lambda target: target.host_id)
    ]
    await connection.execute(insert(live_targets), rows)
    return live_query_id


async def running(connection: AsyncConnection) -> list[Row[Any]]:
    """Every live query that runs."""
    return list(await connection.execute(select(live_queries).where(live_queries.c.status == "running")))


async def target_states(connection: AsyncConnection, live_query_id: int) -> list[tuple[int, str]]:
    """Host id and state of every target."""
    statement = select(live_targets.c.host_id, live_targets.c.state).where(
        live_targets.c.live_query_id == live_query_id
    )
    return [(host_id, state) for host_id, state in await connection.execute(statement)]


async def set_states(connection: AsyncConnection, states: Iterable[tuple[int, int, str, int | None]]) -> None:
    """Write states of targets: (live query, host, state, when it was sent)."""
    rows = [{"q": query, "h": host, "new_state": state, "sent": sent} for query, host, state, sent in sorted(states)]
    if rows:
        statement = update(live_targets).where(
            live_targets.c.live_query_id == bindparam("q"), live_targets.c.host_id == bindparam("h")
        )
        sent_at = func.coalesce(bindparam("sent", type_=BigInteger), live_targets.c.sent_at)
        await connection.execute(statement.values(state=bindparam("new_state"), sent_at=sent_at), rows)


async def add_results(connection: AsyncConnection, results: Sequence[dict[str, Any]]) -> None:
    """Store results (columns of live_results and ``at``) and the outcome beside their targets.

    A result of the same host replaces the earlier one.
    """
    if not results:
        return
    keys = [{"q": result["live_query_id"], "h": result["host_id"]} for result in results]
    same = and_(live_results.c.live_query_id == bindparam("q"), live_results.c.host_id == bindparam("h"))
    await connection.execute(delete(live_results).where(same), keys)
    await connection.execute(
        insert(live_results), [{name: value for name, value in result.items() if name != "at"} for result in results]
    )
    await connection.execute(
        update(live_targets)
        .where(live_targets.c.live_query_id == bindparam("q"), live_targets.c.host_id == bindparam("h"))
        .values(
            state=bindparam("new_state"),
            error=bindparam("new_error"),
            row_count=bindparam("new_rows"),
            answered_at=bindparam("at"),
        ),
        [
            {
                "q": result["live_query_id"],
                "h": result["host_id"],
                "new_state": result["state"],
                "new_error": result["error"],
                "new_rows": result["row_count"],
                "at": result["at"],
            }
            for result in sorted(results, key=lambda result: (result["live_query_id"], result["host_id"]))
        ],
    )


async def save(
    connection: AsyncConnection, live_query_id: int, *, seq: int, rows: int, status: str, finished_at: int | None
) -> None:
    """Write how far a live query is."""
    await connection.execute(
        update(live_queries)
        .where(live_queries.c.id == live_query_id)
        .values(seq=seq, row_count=rows, status=status, finished_at=finished_at)
    )


async def get(connection: AsyncConnection, live_query_id: int) -> Row[Any] | None:
    """One live query."""
    return (await connection.execute(select(live_queries).where(live_queries.c.id == live_query_id))).first()


async def newest(connection: AsyncConnection, limit: int) -> list[Row[Any]]:
    """The newest live queries."""
    return list(await connection.execute(select(live_queries).order_by(live_queries.c.id.desc()).limit(limit)))


async def counts(connection: AsyncConnection, live_query_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Number of targets by state, for each of these live queries."""
    found: dict[int, dict[str, int]] = {live_query_id: {} for live_query_id in live_query_ids}
    statement = (
        select(live_targets.c.live_query_id, live_targets.c.state, func.count())
        .where(live_targets.c.live_query_id.in_(live_query_ids))
        .group_by(live_targets.c.live_query_id, live_targets.c.state)
    )
    for live_query_id, state, number in await connection.execute(statement):
        found[live_query_id][state] = number
    return found


async def results(connection: AsyncConnection, live_query_id: int, after: int, limit: int) -> list[Row[Any]]:
    """Results with a sequence number above ``after``, in order, with the names of their hosts."""
    statement = (
        select(live_results, live_targets.c.hostname, live_targets.c.display_name)
        .join(
            live_targets,
            and_(
                live_targets.c.live_query_id == live_results.c.live_query_id,
                live_targets.c.host_id == live_results.c.host_id,
            ),
        )
        .where(live_results.c.live_query_id == live_query_id, live_results.c.seq > after)
        .order_by(live_results.c.seq)
        .limit(limit)
    )
    return list(await connection.execute(statement))


async def targets(connection: AsyncConnection, live_query_id: int) -> list[Row[Any]]:
    """Every target by name."""
    statement = select(live_targets).where(live_targets.c.live_query_id == live_query_id)
    return list(await connection.execute(statement.order_by(live_targets.c.display_name, live_targets.c.host_id)))


async def drop_before(connection: AsyncConnection, finished_before: int) -> int:
    """Delete live queries that ended before that time (ms); return how many."""
    old = select(live_queries.c.id).where(live_queries.c.finished_at < finished_before)
    await connection.execute(delete(live_results).where(live_results.c.live_query_id.in_(old)))
    await connection.execute(delete(live_targets).where(live_targets.c.live_query_id.in_(old)))
    return (await connection.execute(delete(live_queries).where(live_queries.c.finished_at < finished_before))).rowcount
