"""Every enrolled host in memory: node key hash to record.

Most check-ins carry nothing (fleet.md 10, number 12); with this they cost a dictionary look-up. What they change (last
seen, details) is collected here and written in batches by a job.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from leadline.server.domain import hosts
from leadline.server.store.tables import NEVER

UNKNOWN_SECONDS = 5
UNKNOWN_MAX = 10_000


class HostRecord:
    """One host. Times in milliseconds, ``interval`` in seconds.

    ``pending`` holds the live queries it has not answered, by id; ``waiter`` is the future on which a held
    distributed read of the host sleeps; ``digests`` the hash of the last result of each detail query.
    """

    __slots__ = (
        "computer_name", "details_due", "digests", "distributed_interval", "hostname", "id", "identifier", "interval",
        "key_hash", "pending", "platform", "refresh", "restarted_at", "seen_at", "uuid", "waiter",
    )  # fmt: skip

    def __init__(self, id: int, key_hash: bytes) -> None:
        self.id = id
        self.key_hash = key_hash
        self.identifier = ""
        self.hostname = ""
        self.computer_name = ""
        self.uuid = ""
        self.platform = ""
        self.distributed_interval = 0
        self.refresh = 0
        self.interval = 0
        self.seen_at = 0
        self.restarted_at = 0
        self.details_due = 0
        self.digests: dict[str, int] = {}
        self.pending: dict[int, str] = {}
        self.waiter: asyncio.Future[None] | None = None

    @property
    def display_name(self) -> str:
        """How people call the host."""
        return hosts.display_name(self.computer_name, self.hostname, self.identifier)

    def is_online(self, now: int) -> bool:
        """Whether the host counts as online; one that holds a read open does."""
        return self.waiter is not None or hosts.is_online(self.seen_at, self.interval, now)

    def wake(self) -> None:
        """Answer the read that the host holds open, if any."""
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def learn(self, values: Mapping[str, Any]) -> None:
        """Take over what details told."""
        for name in ("hostname", "computer_name", "uuid", "platform"):
            if name in values:
                setattr(self, name, values[name])
        if "last_restarted_at" in values:
            self.restarted_at = values["last_restarted_at"]
        self.distributed_interval = values.get("distributed_interval", self.distributed_interval)
        self.refresh = values.get("config_tls_refresh", self.refresh)
        self.interval = hosts.check_in_interval(self.distributed_interval, self.refresh)


class Registry:
    """The records, and what waits to be written: ``seen`` hosts and ``changes`` of columns by host id."""

    def __init__(self, detail_interval: int) -> None:
        self.by_key: dict[bytes, HostRecord] = {}
        self.by_id: dict[int, HostRecord] = {}
        self.seen: set[HostRecord] = set()
        self.changes: dict[int, dict[str, Any]] = {}
        self._unknown: dict[bytes, int] = {}
        self._detail_interval = detail_interval

    def add(self, row: Any) -> HostRecord:
        """Take a host from a row of :func:`leadline.server.store.hosts.load`."""
        record = self.put(row.id, row.node_key_hash)
        record.identifier, record.hostname, record.computer_name = row.osquery_host_id, row.hostname, row.computer_name
        record.uuid, record.platform = row.uuid, row.platform
        record.distributed_interval, record.refresh = row.distributed_interval, row.config_tls_refresh
        record.interval = hosts.check_in_interval(row.distributed_interval, row.config_tls_refresh)
        record.seen_at, record.restarted_at = row.seen_at, row.last_restarted_at
        due = row.detail_updated_at + self.detail_period(row.id)
        record.details_due = 0 if row.refetch_requested or row.detail_updated_at <= NEVER else due
        return record

    def put(self, host_id: int, key_hash: bytes) -> HostRecord:
        """The record of a host under a new key; the previous key is dead from here on."""
        record = self.by_id.get(host_id)
        if record is None:
            record = self.by_id[host_id] = HostRecord(host_id, key_hash)
        else:
            self.by_key.pop(record.key_hash, None)
            record.key_hash = key_hash
        self.by_key[key_hash] = record
        self._unknown.pop(key_hash, None)
        return record

    def remove(self, host_id: int) -> HostRecord | None:
        """Forget a host: its key is unknown from here on."""
        record = self.by_id.pop(host_id, None)
        if record is not None:
            self.by_key.pop(record.key_hash, None)
            self.seen.discard(record)
            self.changes.pop(host_id, None)
            record.wake()
        return record

    def change(self, host_id: int, values: Mapping[str, Any]) -> None:
        """Note columns to be written with the next batch."""
        self.changes.setdefault(host_id, {}).update(values)

    def detail_period(self, host_id: int) -> int:
        """Milliseconds between two runs of a host's details: up to a tenth longer, spread by id (fleet.md 1.7)."""
        base = self._detail_interval * 1000
        return base + (host_id * 2_654_435_761 % 1000) * base // 10_000

    def detail_wait(self, record: HostRecord) -> float:
        """Seconds from the host's last call until its details are due."""
        return max(0.0, (record.details_due - record.seen_at) / 1000)

    def is_unknown(self, key_hash: bytes, now: int) -> bool:
        """Whether the database said lately that nobody has this key."""
        return self._unknown.get(key_hash, 0) > now

    def note_unknown(self, key_hash: bytes, now: int) -> None:
        """Remember for some seconds that nobody has this key."""
        if len(self._unknown) >= UNKNOWN_MAX:
            self._unknown.clear()
        self._unknown[key_hash] = now + UNKNOWN_SECONDS * 1000

    def wake(self, host_ids: Iterable[int]) -> None:
        """Answer the held reads of these hosts."""
        for host_id in host_ids:
            record = self.by_id.get(host_id)
            if record is not None:
                record.wake()

    def take_seen(self, now: int) -> list[tuple[int, int]]:
        """Hosts seen since the last call with their times; hosts that hold a read open are seen now."""
        for record in self.by_id.values():
            if record.waiter is not None:
                record.seen_at = now
                self.seen.add(record)
        taken = [(record.id, record.seen_at) for record in self.seen]
        self.seen.clear()
        return taken

    def take_changes(self) -> dict[int, dict[str, Any]]:
        """Changes since the last call."""
        taken, self.changes = self.changes, {}
        return taken
