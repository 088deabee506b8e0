"""The live queries of this server: which host gets what, and what became of it.

Everything that ends up in the store passes through one writer task, in order: sequence numbers are given out in the
order of commits, so a reader that remembers the last number it saw misses nothing. Whoever brings a result waits for
its commit; a crash before it leaves the target ``sent``, and after a restart the host is asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from leadline.server.checkin.registry import HostRecord, Registry
from leadline.server.clock import Clock
from leadline.server.domain.live import (
    ANSWERABLE,
    CANCELLED,
    EXPIRED,
    FAILED,
    FINISHED,
    OFFLINE,
    OPEN_STATES,
    QUEUED,
    RUNNING,
    SENDS,
    SENT,
    TIMED_OUT,
    Outcome,
    Totals,
)
from leadline.server.errors import UnavailableError
from leadline.server.live.active import Active
from leadline.server.live.protocol import Signals
from leadline.server.logging import Logger
from leadline.server.settings import Limits
from leadline.server.store import live as store
from leadline.server.store.database import Database
from leadline.server.store.users import User
from leadline.wire.osquery_tls import LIVE_PREFIX

QUEUE = 2000
QUEUE_BYTES = 64 << 20
BATCH = 500


class Close(Struct, frozen=True):
    """Ends a live query with a status."""

    live_query_id: int
    status: str


class Plan(Struct):
    """What a batch will make of one live query."""

    seq: int
    rows: int
    open: int
    moves: dict[int, str]
    status: str


Item = tuple[Outcome | Close | None, asyncio.Future[None] | None]


class LiveQueries:
    """See the module. ``start`` before use, ``stop`` at the end."""

    def __init__(
        self, database: Database, registry: Registry, signals: Signals, limits: Limits, clock: Clock, log: Logger
    ) -> None:
        self._database = database
        self._registry = registry
        self.signals = signals
        self._limits = limits
        self._clock = clock
        self._log = log
        self._active: dict[int, Active] = {}
        self._states: dict[tuple[int, int], tuple[str, int | None]] = {}
        self._queue: asyncio.Queue[Item] = asyncio.Queue(QUEUE)
        self._queued_bytes = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up what ran when the server stopped, and start the writer."""
        async with self._database.read() as connection:
            for row in await store.running(connection):
                targets = await store.target_states(connection, row.id)
                # What was sent may have been lost with the connection: ask again.
                again = [(host_id, QUEUED if state == SENT else state) for host_id, state in targets]
                self._activate(Active(row.id, row.query, row.expires_at, again, row.seq, row.row_count))
        self._task = asyncio.create_task(self._write(), name="live queries: writer")

    async def stop(self) -> None:
        """Store what is queued and stop the writer."""
        self.signals.close()
        if self._task is not None:
            try:
                await asyncio.wait_for(self._put(None), 5)
            except (UnavailableError, TimeoutError) as error:
                self._log.warning("states of live queries were not written", reason=str(error))
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def create(self, query: str, hosts: Sequence[HostRecord], user: User, *, lifetime: int = 0) -> int:
        """Store a live query, wake its hosts and return its id; ``lifetime`` in seconds, 0 for the usual one."""
        now = self._clock()
        expires_at = now + (lifetime or self._limits.live_lifetime) * 1000
        targets = [
            store.Target(
                host_id=host.id,
                hostname=host.hostname,
                display_name=host.display_name,
                state=QUEUED if host.is_online(now) else OFFLINE,
            )
            for host in hosts
        ]
        async with self._database.write() as connection:
            live_query_id = await store.add(
                connection,
                query=query,
                now=now,
                expires_at=expires_at,
                user=(user.id, user.name, user.email),
                targets=targets,
            )
        self._activate(Active(live_query_id, query, expires_at, [(target.host_id, target.state) for target in targets]))
        return live_query_id

    def _activate(self, active: Active) -> None:
        self._active[active.id] = active
        for host_id in active.waiting:
            record = self._registry.by_id.get(host_id)
            if record is not None:
                record.pending[active.id] = active.query
                record.wake()

    def totals(self, live_query_id: int) -> Totals | None:
        """Totals of a running live query; None for one that is over."""
        active = self._active.get(live_query_id)
        return None if active is None else active.totals

    def state(self, live_query_id: int, host_id: int) -> str | None:
        """State of one target of a running live query."""
        active = self._active.get(live_query_id)
        return None if active is None else active.targets.get(host_id)

    @property
    def running(self) -> int:
        """How many live queries run."""
        return len(self._active)

    def take(self, host: HostRecord, now: int, running: frozenset[str] = frozenset()) -> dict[str, str]:
        """Name and SQL of what the host is to run now; its targets count as sent.

        ``running`` are names of queries that it says it runs: they are not sent again, and it is not silent.
        """
        taken: dict[str, str] = {}
        for live_query_id in list(host.pending):
            active = self._active.get(live_query_id)
            if active is None or active.expires_at <= now or host.id not in active.waiting:
                del host.pending[live_query_id]
            elif f"{LIVE_PREFIX}{live_query_id}" in running:
                active.sent_at[host.id] = now
            elif active.sends.get(host.id, 0) >= SENDS:
                del host.pending[live_query_id]
                self._offer(
                    self._silent(active, host.id, now, f"the host took the query {SENDS} times without an answer")
                )
            else:
                active.sends[host.id] = active.sends.get(host.id, 0) + 1
                active.sent_at[host.id] = now
                self._move(active, host.id, SENT, now)
                taken[f"{LIVE_PREFIX}{live_query_id}"] = active.query
        return taken

    def awaits(self, live_query_id: int, host: HostRecord) -> bool:
        """Whether an answer of the host is still of use."""
        active = self._active.get(live_query_id)
        return active is not None and host.id in active.waiting

    async def answer(self, outcome: Outcome) -> None:
        """Store what a host answered. Nobody waiting for it any more is no error. Raises UnavailableError."""
        active = self._active.get(outcome.live_query_id)
        if active is not None and active.targets.get(outcome.host_id) in ANSWERABLE:
            await self._put(outcome)

    async def cancel(self, live_query_id: int) -> None:
        """End a live query; its open targets keep their state. Does nothing for one that is over."""
        if live_query_id in self._active:
            await self._put(Close(live_query_id, CANCELLED))

    def forget_host(self, host: HostRecord) -> None:
        """A host was deleted: it will not answer."""
        for live_query_id in host.pending:
            if live_query_id in self._active:
                self._offer(
                    Outcome(
                        live_query_id=live_query_id,
                        host_id=host.id,
                        state=FAILED,
                        at=self._clock(),
                        error="the host was deleted",
                    )
                )
        host.pending.clear()

    def tick(self, now: int) -> None:
        """Once every second or so: see who went silent and what has expired, and have states written."""
        for active in list(self._active.values()):
            over = active.expires_at <= now
            if not over and not active.counts[SENT] and not active.counts[QUEUED]:
                continue  # all that are left are offline, perhaps a great many
            for host_id in list(active.waiting):
                state = active.targets[host_id]
                if state == SENT:
                    silent = now - active.sent_at.get(host_id, now) > self._limits.live_answer * 1000
                    if over or silent:
                        self._offer(self._silent(active, host_id, now, "the host took the query and did not answer"))
                elif state == QUEUED:
                    record = self._registry.by_id.get(host_id)
                    if record is None or not record.is_online(now):
                        self._move(active, host_id, OFFLINE, None)
            if over:
                self._offer(Close(active.id, EXPIRED))
        if self._states:
            self._offer(None)

    def _silent(self, active: Active, host_id: int, now: int, why: str) -> Outcome:
        return Outcome(live_query_id=active.id, host_id=host_id, state=TIMED_OUT, at=now, error=why)

    def _move(self, active: Active, host_id: int, state: str, sent_at: int | None) -> None:
        if active.targets[host_id] != state:
            active.move(host_id, state)
            self._states[active.id, host_id] = (state, sent_at)
            self.signals.notify(active.id)

    def _offer(self, item: Outcome | Close | None) -> None:
        # Nobody waits for these; when the queue is full the next tick brings them again.
        if not self._queue.full():
            self._queue.put_nowait((item, None))

    async def _put(self, item: Outcome | Close | None) -> None:
        size = len(item.rows) if isinstance(item, Outcome) else 0
        if self._queue.full() or self._queued_bytes + size > QUEUE_BYTES:
            raise UnavailableError("more answers of live queries arrive than the database takes", 5)
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((item, stored))
        self._queued_bytes += size
        try:
            await stored
        finally:
            self._queued_bytes -= size

    async def _write(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            failure = await self._try(batch)
            if failure is not None and len(batch) > 1 and not isinstance(failure, UnavailableError):
                # Something in the batch cannot be stored, the rest can: one host must not hold up the others.
                for item in batch:
                    await self._try([item], last=True)
            elif failure is not None:
                self._settle(batch, failure)
                await asyncio.sleep(0.2)

    async def _try(self, batch: Sequence[Item], *, last: bool = False) -> Exception | None:
        """Store a batch and tell those who wait; ``last`` also tells them of a failure."""
        failure: Exception | None = None
        try:
            await self._store([item for item, _ in batch if item is not None])
        except Exception as error:  # noqa: BLE001 - the edge of the writer: it must live on
            self._log.error("live queries were not stored", reason=str(error), kind=type(error).__name__)
            failure = error
        if failure is None or last:
            self._settle(batch, failure)
        return failure

    def _settle(self, batch: Sequence[Item], failure: Exception | None) -> None:
        if failure is not None and not isinstance(failure, UnavailableError):
            failure = UnavailableError("the answer could not be stored")
        for _, stored in batch:
            if stored is not None and not stored.done():
                if failure is None:
                    stored.set_result(None)
                else:
                    stored.set_exception(failure)

    async def _store(self, items: Iterable[Outcome | Close]) -> None:
        now = self._clock()
        plans: dict[int, Plan] = {}
        results = self._plan(items, plans)
        states, self._states = self._states, {}
        try:
            async with self._database.write() as connection:
                await store.set_states(connection, [(*key, *value) for key, value in states.items()])
                await store.add_results(connection, results)
                for live_query_id, plan in sorted(plans.items()):
                    await store.save(
                        connection,
                        live_query_id,
                        seq=plan.seq,
                        rows=plan.rows,
                        status=plan.status,
                        finished_at=None if plan.status == RUNNING else now,
                    )
        except BaseException:
            self._states = {**states, **self._states}
            raise
        for live_query_id, plan in plans.items():
            self._apply(self._active[live_query_id], plan)

    def _plan(self, items: Iterable[Outcome | Close], plans: dict[int, Plan]) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = []
        for item in items:
            active = self._active.get(item.live_query_id)
            if active is None:
                continue
            plan = plans.setdefault(active.id, Plan(active.seq, active.rows, len(active.waiting), {}, RUNNING))
            if plan.status != RUNNING:
                continue
            if isinstance(item, Close):
                plan.status = item.status
                continue
            before = plan.moves.get(item.host_id, active.targets.get(item.host_id))
            allowed = OPEN_STATES if item.state == TIMED_OUT else ANSWERABLE
            if before not in allowed:
                continue
            if item.host_id in plan.moves:  # two outcomes of one host in one batch: the later one stands
                results = [r for r in results if (r["live_query_id"], r["host_id"]) != (active.id, item.host_id)]
            plan.moves[item.host_id] = item.state
            plan.seq += 1
            results.append(self._result(item, plan))
            plan.open -= before in OPEN_STATES
            if plan.open == 0:
                plan.status = FINISHED
        return results

    def _result(self, item: Outcome, plan: Plan) -> dict[str, Any]:
        rows, row_count, truncated = item.rows, item.row_count, item.truncated
        if plan.rows + row_count > self._limits.live_total_rows:
            rows, row_count, truncated = b"[]", 0, True
        plan.rows += row_count
        return {
            "live_query_id": item.live_query_id,
            "seq": plan.seq,
            "host_id": item.host_id,
            "state": item.state,
            "error": item.error,
            "rows": rows,
            "row_count": row_count,
            "truncated": truncated,
            "wall_time_ms": item.wall_time_ms,
            "at": None if item.state == TIMED_OUT else item.at,
        }

    def _apply(self, active: Active, plan: Plan) -> None:
        active.seq, active.rows, active.status = plan.seq, plan.rows, plan.status
        over = plan.status != RUNNING
        for host_id, state in plan.moves.items():
            active.move(host_id, state)
            self._states.pop((active.id, host_id), None)
        for host_id in list(active.targets) if over else plan.moves:
            record = self._registry.by_id.get(host_id)
            if record is not None:
                record.pending.pop(active.id, None)
                if over and host_id in active.sends:
                    record.wake()  # it may be running the query: its held read ends with the word to stop
        if over:
            del self._active[active.id]
        self.signals.notify(active.id)
