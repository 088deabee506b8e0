"""POST distributed/read and distributed/write: what a host is asked, and what it answers."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from leadline.server.asgi import JSON, Message, Receive, Scope, Send, answer
from leadline.server.checkin import body, requests
from leadline.server.checkin.body import BodyError
from leadline.server.checkin.registry import HostRecord
from leadline.server.domain import details, live
from leadline.server.domain.live import Outcome
from leadline.server.instance import Instance
from leadline.wire import osquery_tls
from leadline.wire.osquery_tls import DETAIL_PREFIX, LIVE_PREFIX, ReadReply, ReadRequest, WriteRequest

_READ = msgspec.json.Decoder(ReadRequest)
_WRITE = msgspec.json.Decoder(WriteRequest)
_ENCODER = msgspec.json.Encoder()

IDLE = b'{"queries":{},"discovery":{}}'
IDLE_START: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [JSON, (b"content-length", str(len(IDLE)).encode())],
}
IDLE_BODY: Message = {"type": "http.response.body", "body": IDLE}

NEW_HOST_ACCELERATE = 10
LIVE_ACCELERATE = 60
"""Seconds of faster polling after a live query: whoever asked once is likely to ask again."""

LARGEST = 1 << 30
"""Bytes of an answer that is too large that are read, so that the agent can be told that it is done."""

DETAIL_RETRY = 120_000
"""Milliseconds after which details that were not answered are asked again."""


async def read(instance: Instance, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer from memory; hold the request where the agent prefers that and there is nothing to do."""
    headers = requests.interesting(scope)
    data = await body.read(receive, headers.get(b"content-encoding"), instance.settings.limits.read_body)
    request = _READ.decode(data)
    record = await requests.identify(instance, request.node_key, headers)
    instance.counters.distributed_read += 1
    prefer = headers.get(b"prefer")
    if prefer is None:
        if not record.pending and record.details_due > record.seen_at:
            await send(IDLE_START)
            await send(IDLE_BODY)
            return
        reply = work(instance, record)
        if reply is not None and record.pending:
            reply.accelerate = LIVE_ACCELERATE
        await answer(send, 200, IDLE if reply is None else _ENCODER.encode(reply))
        return
    wait = preferred_wait(prefer, instance.settings.limits.wait)
    running = frozenset(request.running or ())
    reply = work(instance, record, running)
    if reply is None and wait and not instance.stopping:
        if not await hold(record, receive, wait, instance.registry.detail_wait(record)):
            return
        record.seen_at = instance.clock()
        instance.registry.seen.add(record)
        reply = work(instance, record, running) if instance.registry.by_id.get(record.id) is record else None
    preferences = [b"wait=%d" % wait] if wait is not None else []
    preferences += [b"running"] if prefers_running(prefer) else []
    applied = [JSON, (b"preference-applied", b", ".join(preferences))] if preferences else [JSON]
    await answer(send, 200, IDLE if reply is None else _ENCODER.encode(reply), applied)


def work(instance: Instance, record: HostRecord, running: frozenset[str] = frozenset()) -> ReadReply | None:
    """What the host is to run now, and which of the queries that run there it is to stop; None for nothing.

    What runs there already is not handed out again.
    """
    now = instance.clock()
    queries: dict[str, str] = {}
    if record.details_due <= now:
        queries = {DETAIL_PREFIX + name: sql for name, sql in details.queries(record.platform).items()}
        record.details_due = now + DETAIL_RETRY
    if record.pending:
        queries.update(instance.live.take(record, now, running))
    cancelled = [name for name in running if (id := live_id(name)) is not None and not instance.live.awaits(id, record)]
    if not queries and not cancelled:
        return None
    reply = ReadReply(queries, dict.fromkeys(queries, "SELECT 1"))
    if cancelled:
        reply.cancel = cancelled
    if not record.hostname or not record.platform:
        reply.accelerate = NEW_HOST_ACCELERATE
    return reply


def prefers_running(prefer: bytes) -> bool:
    """Whether the agent would tell which queries it runs: ``Prefer: running``, a preference of ours."""
    return any(part.strip().lower() == b"running" for part in prefer.split(b","))


def preferred_wait(prefer: bytes, longest: int) -> int | None:
    """Seconds of ``Prefer: wait=N`` (RFC 7240), at most ``longest``; None where the header asks for something else."""
    for part in prefer.split(b","):
        name, _, value = part.strip().partition(b"=")
        value = value.strip().strip(b'"')
        if name.strip().lower() == b"wait" and value.isdigit():
            return min(int(value[:6]), longest)
    return None


async def hold(record: HostRecord, receive: Receive, wait: float, details_in: float) -> bool:
    """Sleep until the host has work or the time is over; False when the agent hung up meanwhile."""
    record.wake()  # an earlier held read of the same host is answered: only one may wait for work
    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    record.waiter = waiter
    hung_up: asyncio.Future[Message] = asyncio.ensure_future(receive())
    try:
        both: set[asyncio.Future[Any]] = {waiter, hung_up}
        await asyncio.wait(both, timeout=min(wait, details_in), return_when=asyncio.FIRST_COMPLETED)
        return not (hung_up.done() and not waiter.done())
    finally:
        if record.waiter is waiter:
            record.waiter = None
        hung_up.cancel()


async def write(instance: Instance, scope: Scope, receive: Receive, send: Send) -> None:
    """Ingest details, store live answers. Answers only when live answers are stored, so none is lost."""
    headers = requests.interesting(scope)
    try:
        data = await body.read(receive, headers.get(b"content-encoding"), instance.settings.limits.write_body)
    except BodyError as error:
        if error.status != 413 or not requests.header_key(headers):
            raise
        await let_go(instance, await requests.identify(instance, "", headers), receive, unread=error.unread)
        await answer(send, 200, b"{}")
        return
    request = _WRITE.decode(text(data))
    record = await requests.identify(instance, request.node_key, headers)
    instance.counters.distributed_write += 1
    answers = [outcome for name in names(request) if (outcome := live_outcome(instance, record, request, name))]
    ingest_details(instance, record, request)
    if answers:
        await asyncio.gather(*(instance.live.answer(outcome) for outcome in answers))
    await answer(send, 200, b"{}")


async def let_go(instance: Instance, record: HostRecord, receive: Receive, *, unread: bool) -> None:
    """Fail the live queries whose answer is too large.

    Refusing it would not help: osqueryd keeps unsent results and sends them with every later round, for ever.
    """
    limit = instance.settings.limits.write_body
    if unread:
        await body.drain(receive, LARGEST)
    why = f"the host's answer is larger than {limit >> 20} MiB; select fewer rows or columns"
    instance.log.warning("an answer is too large", host=record.id, limit=limit)
    for number in [number for number in record.pending if instance.live.state(number, record.id) == live.SENT]:
        now = instance.clock()
        outcome = Outcome(live_query_id=number, host_id=record.id, state=live.FAILED, at=now, error=why)
        await instance.live.answer(outcome)


def text(data: bytes) -> bytes:
    """A body as valid UTF-8: agents pass on what files and processes contain."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace").encode()
    return data


def names(request: WriteRequest) -> list[str]:
    """Names of the queries that a request answers; a failed one may be in ``statuses`` only."""
    return list(dict.fromkeys([*(request.queries or ()), *(request.statuses or ())]))


def live_id(name: str) -> int | None:
    """The id of the live query in a query's name; None for other queries."""
    number = name.removeprefix(LIVE_PREFIX)
    return int(number) if number != name and number.isascii() and number.isdigit() and len(number) < 19 else None


def live_outcome(instance: Instance, record: HostRecord, request: WriteRequest, name: str) -> Outcome | None:
    """The outcome of one live query; None for other queries."""
    id = live_id(name)
    if id is None:
        return None
    status = osquery_tls.status((request.statuses or {}).get(name))
    message = ((request.messages or {}).get(name) or "").replace("\x00", "")
    outcome = Outcome(live_query_id=id, host_id=record.id, state=live.EMPTY, at=instance.clock())
    stats = (request.stats or {}).get(name)
    if stats is not None:
        outcome.wall_time_ms = details.whole(stats.wall_time_ms)
    if status != 0:
        outcome.state, outcome.error = live.FAILED, message or f"the query failed with status {status}"
        return outcome
    try:
        rows = osquery_tls.rows((request.queries or {}).get(name))
    except msgspec.ValidationError as error:
        outcome.state, outcome.error = live.FAILED, f"the host's answer cannot be read: {error}"
        return outcome
    limits = instance.settings.limits
    if rows:
        outcome.state = live.ANSWERED
        outcome.rows, outcome.row_count, outcome.truncated = live.clip(rows, limits.live_rows, limits.live_bytes)
    return outcome


def ingest_details(instance: Instance, record: HostRecord, request: WriteRequest) -> None:
    """Note what details tell anew. Failed ones are passed over: the old values stay."""
    now = instance.clock()
    values: dict[str, Any] = {}
    came = False
    for name, raw in (request.queries or {}).items():
        short = name.removeprefix(DETAIL_PREFIX)
        detail = details.DETAILS.get(short)
        if short == name or detail is None or osquery_tls.status((request.statuses or {}).get(name)) != 0:
            continue
        came = True
        digest = hash(bytes(raw))
        if record.digests.get(short) == digest:
            continue
        try:
            values.update(detail.ingest(osquery_tls.rows(raw), now))
        except msgspec.ValidationError as error:
            instance.log.info("a detail cannot be read", host=record.id, detail=short, reason=str(error))
            continue
        record.digests[short] = digest
    if not came:
        return
    restarted = values.get("last_restarted_at")
    if restarted is not None and abs(restarted - record.restarted_at) < details.RESTART_SLACK:
        del values["last_restarted_at"]
    record.learn(values)
    record.details_due = now + instance.registry.detail_period(record.id)
    values.update(detail_updated_at=now, updated_at=now, refetch_requested=False)
    instance.registry.change(record.id, values)
