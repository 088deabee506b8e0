"""Hosts: list, count, summary, one, delete, refetch."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar import delete, get, post
from litestar.params import Parameter, QueryParameter
from sqlalchemy import Row

from leadline.server.domain import hosts as rules
from leadline.server.errors import ApiError, invalid, not_found
from leadline.server.instance import Instance
from leadline.server.rest.ids import Id
from leadline.server.rest.permissions import Permission
from leadline.server.store import hosts as store
from leadline.server.store.hosts import Filter

MOST = 10_000
Page = Annotated[int, Parameter(ge=0, le=1_000_000)]
PerPage = Annotated[int, Parameter(ge=1, le=MOST)]
# "query" alone is a reserved word of the framework.
Search = Annotated[str, QueryParameter(name="query", max_length=255)]
Status = Literal["", "new", "online", "offline", "mia", "missing"]


def shown(instance: Instance, row: Row[Any]) -> dict[str, Any]:
    """The host object, with the last check-in from memory."""
    record = instance.registry.by_id.get(row.id)
    now = instance.clock()
    seen = None
    if record is not None:
        seen = now if record.waiter is not None else record.seen_at
    return rules.present(row._asdict(), now, seen)


@get("/hosts", permission=Permission.READ_HOSTS)
async def list_hosts(
    instance: Instance,
    page: Page = 0,
    per_page: PerPage = 100,
    order_key: str = "display_name",
    order_direction: Literal["asc", "desc"] = "asc",
    search: Search = "",
    status: Status = "",
) -> dict[str, Any]:
    """One page of hosts."""
    if order_key not in store.ORDER:
        raise invalid("order_key", f"hosts are sorted by one of: {', '.join(sorted(store.ORDER))}")
    async with instance.database.read() as connection:
        rows = await store.page(
            connection,
            Filter(query=search.strip(), status=status),
            instance.clock(),
            order=order_key,
            descending=order_direction == "desc",
            offset=page * per_page,
            limit=per_page + 1,
        )
    return {
        "hosts": [shown(instance, row) for row in rows[:per_page]],
        "meta": {"has_next_results": len(rows) > per_page, "has_previous_results": page > 0},
    }


@get("/hosts/count", permission=Permission.READ_HOSTS)
async def count_hosts(instance: Instance, search: Search = "", status: Status = "") -> dict[str, int]:
    """How many hosts the same filters match."""
    async with instance.database.read() as connection:
        wanted = Filter(query=search.strip(), status=status)
        return {"count": await store.count(connection, wanted, instance.clock())}


@get("/host_summary", permission=Permission.READ_HOSTS)
async def host_summary(instance: Instance) -> dict[str, Any]:
    """Counts by status and platform."""
    async with instance.database.read() as connection:
        counts = await store.summary(connection, instance.clock())
        platforms = await store.platforms(connection)
    other = ("windows", "darwin", "chrome", "ios", "ipados", "android", "")
    return {
        "totals_hosts_count": counts["total"],
        "online_count": counts["online"],
        "offline_count": counts["total"] - counts["online"],
        "mia_count": counts["mia"],
        "missing_30_days_count": counts["mia"],
        "new_count": counts["new"],
        "all_linux_count": sum(number for platform, number in platforms if platform not in other),
        "low_disk_space_count": None,
        "builtin_labels": [],
        "platforms": [{"platform": platform, "hosts_count": number} for platform, number in platforms],
    }


async def find(instance: Instance, host_id: int) -> Row[Any]:
    """The stored host. Raises ApiError 404."""
    async with instance.database.read() as connection:
        row = await store.get(connection, host_id)
    if row is None:
        raise not_found(f"there is no host {host_id}")
    return row


def detailed(instance: Instance, row: Row[Any]) -> dict[str, Any]:
    """The answer for a single host: Fleet's clients expect these lists."""
    lists: dict[str, Any] = {"labels": [], "packs": [], "policies": [], "users": [], "software": [], "batteries": []}
    return {"host": {**shown(instance, row), **lists}}


@get("/hosts/{host_id:int}", permission=Permission.READ_HOSTS)
async def get_host(instance: Instance, host_id: Id) -> dict[str, Any]:
    """One host by id."""
    return detailed(instance, await find(instance, host_id))


@get("/hosts/identifier/{identifier:str}", permission=Permission.READ_HOSTS)
async def get_host_by_identifier(instance: Instance, identifier: str) -> dict[str, Any]:
    """One host by name, UUID, serial number or osquery identifier."""
    async with instance.database.read() as connection:
        rows = await store.identify(connection, [identifier])
    if not rows:
        raise not_found(f"no host is called {identifier}")
    if len(rows) > 1:
        ids = ", ".join(str(row.id) for row in rows[:10])
        raise ApiError(
            409, "Conflict", f"{len(rows)} hosts are called {identifier}: ask by id ({ids})", name="identifier"
        )
    return detailed(instance, rows[0])


@delete("/hosts/{host_id:int}", permission=Permission.WRITE_HOSTS, status_code=200)
async def delete_host(instance: Instance, host_id: Id) -> dict[str, Any]:
    """Forget a host. Its key is invalid from now on; an agent that still runs enrolls again as a new host."""
    async with instance.database.write() as connection:
        found = await store.remove(connection, host_id)
    record = instance.registry.by_id.get(host_id)
    if record is not None:
        instance.live.forget_host(record)
        instance.registry.remove(host_id)
    if not found:
        raise not_found(f"there is no host {host_id}")
    instance.log.info("host deleted", host=host_id)
    return {}


@post("/hosts/{host_id:int}/refetch", permission=Permission.WRITE_HOSTS, status_code=200)
async def refetch_host(instance: Instance, host_id: Id) -> dict[str, Any]:
    """Ask the host for its details with its next check-in."""
    await find(instance, host_id)
    async with instance.database.write() as connection:
        await store.save(connection, host_id, {"refetch_requested": True})
    record = instance.registry.by_id.get(host_id)
    if record is not None:
        record.details_due = 0
        record.digests.clear()
        record.wake()
    return {}


HANDLERS = [
    list_hosts, count_hosts, host_summary, get_host, get_host_by_identifier, delete_host, refetch_host,
]  # fmt: skip
