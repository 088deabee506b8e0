"""Statements about hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, and_, bindparam, case, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from leadline.server.store.tables import host_seen, hosts

INTERVAL = 10
"""Seconds between check-ins of a host that has not told its own."""
BUFFER = 60
"""Seconds a host may be late and still count as online (fleet.md 1.11)."""
MISSING = 30 * 86_400_000
NEW = 86_400_000

# What may be sorted by: never a column that holds a secret (fleet.md 6.3, the order_key oracle).
ORDER: dict[str, ColumnElement[Any]] = {
    name: hosts.c[name]
    for name in (
        "id", "created_at", "updated_at", "detail_updated_at", "last_enrolled_at", "last_restarted_at", "hostname",
        "computer_name", "uuid", "platform", "os_version", "osquery_version", "uptime", "memory", "cpu_brand",
        "cpu_physical_cores", "cpu_logical_cores", "hardware_vendor", "hardware_model", "hardware_serial",
        "primary_ip", "primary_mac", "public_ip", "gigs_disk_space_available", "percent_disk_space_available",
    )
}  # fmt: skip
ORDER["seen_time"] = host_seen.c.seen_at
ORDER["display_name"] = case(
    (hosts.c.computer_name != "", hosts.c.computer_name),
    (hosts.c.hostname != "", hosts.c.hostname),
    else_=hosts.c.osquery_host_id,
)

PUBLIC = [column for column in hosts.c if column.name != "node_key_hash"]

Values = Mapping[str, Any]


class Filter(Struct, frozen=True, kw_only=True):
    """Which hosts: a search text, and a status (``online``, ``offline``, ``mia``, ``missing``, ``new`` or empty)."""

    query: str = ""
    status: str = ""


def interval() -> ColumnElement[int]:
    """SQL for a host's check-in interval in seconds."""
    told, refresh = hosts.c.distributed_interval, hosts.c.config_tls_refresh
    return case(
        (and_(told > 0, refresh > 0), case((refresh < told, refresh), else_=told)),
        (told > 0, told),
        (refresh > 0, refresh),
        else_=INTERVAL,
    )


def online(now: int) -> ColumnElement[bool]:
    """SQL for: was seen lately enough to be online at ``now`` (milliseconds)."""
    return host_seen.c.seen_at + (interval() + BUFFER) * 1000 >= now


def conditions(wanted: Filter, now: int) -> list[ColumnElement[bool]]:
    """A filter as SQL; an unknown status matches nothing."""
    found: list[ColumnElement[bool]] = []
    if wanted.query:
        columns = (
            hosts.c.hostname, hosts.c.computer_name, hosts.c.hardware_serial, hosts.c.uuid, hosts.c.primary_ip,
            hosts.c.osquery_host_id,
        )  # fmt: skip
        found.append(or_(*(column.icontains(wanted.query, autoescape=True) for column in columns)))
    match wanted.status:
        case "":
            pass
        case "online":
            found.append(online(now))
        case "offline":
            found.append(~online(now))
        case "mia" | "missing":
            found.append(host_seen.c.seen_at < now - MISSING)
        case "new":
            found.append(hosts.c.created_at > now - NEW)
        case _:
            found.append(hosts.c.id < 0)
    return found


async def load(connection: AsyncConnection) -> list[Row[Any]]:
    """Every enrolled host, as the registry needs it."""
    return list(await connection.execute(_registered().where(hosts.c.node_key_hash.is_not(None))))


async def by_key(connection: AsyncConnection, key_hash: bytes) -> Row[Any] | None:
    """The same for one node key."""
    return (await connection.execute(_registered().where(hosts.c.node_key_hash == key_hash))).first()


def _registered() -> Any:
    return select(
        hosts.c.id,
        hosts.c.node_key_hash,
        hosts.c.hostname,
        hosts.c.computer_name,
        hosts.c.uuid,
        hosts.c.osquery_host_id,
        hosts.c.platform,
        hosts.c.detail_updated_at,
        hosts.c.refetch_requested,
        hosts.c.last_restarted_at,
        hosts.c.distributed_interval,
        hosts.c.config_tls_refresh,
        host_seen.c.seen_at,
    ).join_from(hosts, host_seen)


async def enroll(
    connection: AsyncConnection, identifier: str, uuid: str, instance_id: str, values: Values, now: int
) -> tuple[int, bool]:
    """Store an enrolled host; return its id and whether it is new.

    A host is recognised by its identifier; after a change of ``--host_identifier`` by its hardware UUID together with
    its osquery database (instance id). The UUID alone is not enough: clones share it and would take each other's
    record.
    """
    found = await connection.scalar(select(hosts.c.id).where(hosts.c.osquery_host_id == identifier))
    if found is None and uuid and instance_id:
        same = and_(hosts.c.uuid == uuid, hosts.c.instance_id == instance_id)
        found = await connection.scalar(select(hosts.c.id).where(same).order_by(hosts.c.id).limit(1))
    known = {**values, "osquery_host_id": identifier, "last_enrolled_at": now, "updated_at": now}
    if found is not None:
        await connection.execute(update(hosts).where(hosts.c.id == found).values(known))
        await connection.execute(update(host_seen).where(host_seen.c.host_id == found).values(seen_at=now))
        return int(found), False
    statement = insert(hosts).values(**known, created_at=now).returning(hosts.c.id)
    host_id = int((await connection.execute(statement)).scalar_one())
    await connection.execute(insert(host_seen).values(host_id=host_id, seen_at=now))
    return host_id, True


async def save_seen(connection: AsyncConnection, seen: Iterable[tuple[int, int]]) -> None:
    """Write when hosts (id, milliseconds) were last seen."""
    rows = [{"host": host_id, "at": at} for host_id, at in sorted(seen)]
    if rows:
        statement = update(host_seen).where(host_seen.c.host_id == bindparam("host")).values(seen_at=bindparam("at"))
        await connection.execute(statement, rows)


async def save(connection: AsyncConnection, host_id: int, values: Values) -> None:
    """Write some columns of a host."""
    if values:
        await connection.execute(update(hosts).where(hosts.c.id == host_id).values(dict(values)))


async def get(connection: AsyncConnection, host_id: int) -> Row[Any] | None:
    """One host with its ``seen_at``."""
    return (await connection.execute(_full().where(hosts.c.id == host_id))).first()


async def identify(connection: AsyncConnection, identifiers: Iterable[str]) -> list[Row[Any]]:
    """Hosts whose name, UUID, serial number or osquery identifier is among those given."""
    wanted = [text for text in identifiers if text]
    columns = (hosts.c.hostname, hosts.c.uuid, hosts.c.hardware_serial, hosts.c.osquery_host_id, hosts.c.computer_name)
    condition = or_(*(column.in_(wanted) for column in columns))
    return list(await connection.execute(_full().where(condition).order_by(hosts.c.id)))


async def page(
    connection: AsyncConnection, wanted: Filter, now: int, *, order: str, descending: bool, offset: int, limit: int
) -> list[Row[Any]]:
    """One page of hosts; ``order`` is a key of ORDER."""
    column = ORDER[order]
    statement = _full().where(*conditions(wanted, now)).offset(offset).limit(limit)
    statement = statement.order_by(column.desc() if descending else column.asc(), hosts.c.id)
    return list(await connection.execute(statement))


async def count(connection: AsyncConnection, wanted: Filter, now: int) -> int:
    """How many hosts match."""
    statement = select(func.count()).select_from(hosts).join(host_seen).where(*conditions(wanted, now))
    return int((await connection.execute(statement)).scalar_one())


async def summary(connection: AsyncConnection, now: int) -> dict[str, int]:
    """Counts by status: total, online, mia, new."""

    def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    statement = select(
        func.count().label("total"),
        how_many(online(now)).label("online"),
        how_many(host_seen.c.seen_at < now - MISSING).label("mia"),
        how_many(hosts.c.created_at > now - NEW).label("new"),
    ).select_from(hosts.join(host_seen))
    row = (await connection.execute(statement)).one()
    return {"total": row.total, "online": int(row.online), "mia": int(row.mia), "new": int(row.new)}


async def platforms(connection: AsyncConnection) -> list[tuple[str, int]]:
    """Platforms with how many hosts each has."""
    statement = select(hosts.c.platform, func.count()).group_by(hosts.c.platform).order_by(hosts.c.platform)
    return [(platform, number) for platform, number in await connection.execute(statement)]


async def remove(connection: AsyncConnection, host_id: int) -> bool:
    """Delete a host; return whether there was one."""
    await connection.execute(delete(host_seen).where(host_seen.c.host_id == host_id))
    return (await connection.execute(delete(hosts).where(hosts.c.id == host_id))).rowcount > 0


def _full() -> Any:
    return select(*PUBLIC, host_seen.c.seen_at).join_from(hosts, host_seen)
