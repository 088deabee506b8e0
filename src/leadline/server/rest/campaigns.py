"""Live queries in Fleet's paths: campaigns, and the synchronous query of one host."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, post
from msgspec import Struct, field

from leadline.server.checkin.registry import HostRecord
from leadline.server.clock import iso
from leadline.server.domain import live
from leadline.server.domain.live import EMPTY, OPEN_STATES
from leadline.server.errors import ApiError, invalid, not_found
from leadline.server.instance import Instance
from leadline.server.rest.hosts import find
from leadline.server.rest.ids import Id
from leadline.server.rest.permissions import Permission
from leadline.server.store import hosts as host_store
from leadline.server.store import live as store
from leadline.server.store.users import User

SYNCHRONOUS_SECONDS = 25
"""How long the synchronous query waits (fleet.md 2.7)."""


class Selected(Struct):
    """Targets by id."""

    hosts: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    teams: list[int] = field(default_factory=list)


class SelectedByName(Struct):
    """Targets by name."""

    hosts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)


class Run(Struct):
    """Body of /queries/run."""

    query: str
    selected: Selected


class RunByName(Struct):
    """Body of /queries/run_by_identifiers."""

    query: str
    selected: SelectedByName


class HostQuery(Struct):
    """Body of /hosts/{id}/query."""

    query: str


@post("/queries/run", permission=Permission.RUN_LIVE, status_code=200)
async def run(data: Run, request: Request[User, Any, Any], instance: Instance) -> dict[str, Any]:
    """Ask hosts, by id. Ids that are not there are passed over."""
    if data.selected.labels or data.selected.teams:
        raise invalid("selected", "there are no labels or teams yet: select hosts")
    by_id = instance.registry.by_id
    return await start(
        instance, data.query, [by_id[i] for i in dict.fromkeys(data.selected.hosts) if i in by_id], request.user
    )


@post(["/queries/run_by_identifiers", "/queries/run_by_names"], permission=Permission.RUN_LIVE, status_code=200)
async def run_by_identifiers(data: RunByName, request: Request[User, Any, Any], instance: Instance) -> dict[str, Any]:
    """Ask hosts, by name, UUID or serial number."""
    if data.selected.labels:
        raise invalid("selected", "there are no labels yet: select hosts")
    async with instance.database.read() as connection:
        rows = await host_store.identify(connection, data.selected.hosts) if data.selected.hosts else []
    by_id = instance.registry.by_id
    return await start(instance, data.query, [by_id[row.id] for row in rows if row.id in by_id], request.user)


async def start(instance: Instance, sql: str, hosts: list[HostRecord], user: User) -> dict[str, Any]:
    """Create a live query and answer as Fleet does."""
    sql = live.check_sql(sql)
    if not hosts:
        raise live.no_targets()
    now = instance.clock()
    live_query_id = await instance.live.create(sql, hosts, user)
    instance.log.info("live query started", live_query=live_query_id, user=user.id, targets=len(hosts))
    online = sum(host.is_online(now) for host in hosts)
    missing = sum(host.seen_at < now - host_store.MISSING for host in hosts)
    return {
        "campaign": {
            "id": live_query_id,
            "query_id": None,
            "status": 1,
            "user_id": user.id,
            "created_at": iso(now),
            "updated_at": iso(now),
            "Metrics": {
                "TotalHosts": len(hosts),
                "OnlineHosts": online,
                "OfflineHosts": len(hosts) - online,
                "MissingInActionHosts": missing,
                "NewHosts": 0,
            },
        }
    }


@post("/hosts/{host_id:int}/query", permission=Permission.RUN_LIVE, status_code=200)
async def query_host(
    host_id: Id, data: HostQuery, request: Request[User, Any, Any], instance: Instance
) -> dict[str, Any]:
    """Ask one host and wait for its answer, at most 25 seconds; a host that is offline is not waited for."""
    sql = live.check_sql(data.query)
    await find(instance, host_id)
    host = instance.registry.by_id.get(host_id)
    if host is None:
        raise not_found(f"host {host_id} is not enrolled")
    answer: dict[str, Any] = {"host_id": host_id, "query": sql, "status": "online", "error": None, "rows": None}
    answer["truncated"] = False
    if not host.is_online(instance.clock()):
        return {**answer, "status": "offline"}
    live_query_id = await instance.live.create(sql, [host], request.user, lifetime=SYNCHRONOUS_SECONDS)
    signals = instance.live.signals
    deadline = instance.clock() + SYNCHRONOUS_SECONDS * 1000
    while True:
        version = signals.version(live_query_id)
        if instance.live.state(live_query_id, host_id) not in OPEN_STATES:
            break
        left = (deadline - instance.clock()) / 1000
        if left <= 0 or not await signals.wait(live_query_id, version, left):
            await instance.live.cancel(live_query_id)
            break
    async with instance.database.read() as connection:
        results = await store.results(connection, live_query_id, 0, 1)
    if not results:
        raise ApiError(408, "Request Timeout", f"the host did not answer within {SYNCHRONOUS_SECONDS} seconds")
    result = results[0]
    answer["error"], answer["truncated"] = result.error, result.truncated
    if result.error is None or result.state == EMPTY:
        answer["rows"] = msgspec.Raw(result.rows)
    return answer


HANDLERS = [run, run_by_identifiers, query_host]
