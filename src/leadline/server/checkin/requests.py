"""What the check-in endpoints have in common: headers that matter, the host of a key, refusals.

Agents ignore HTTP status codes and go by the body: ``error`` makes a call fail, ``node_invalid`` makes the agent drop
its key (osquery.md 6.1). So every refusal has an ``error``, and only a key that surely nobody has is called invalid.
"""

from __future__ import annotations

import uuid

import msgspec

from leadline.server.asgi import JSON, Header, Scope, Send, answer
from leadline.server.checkin.registry import HostRecord
from leadline.server.domain.hosts import key_hash
from leadline.server.errors import UnavailableError
from leadline.server.instance import Instance
from leadline.server.store import hosts as store

HEADERS = frozenset((b"authorization", b"content-encoding", b"prefer"))
NODE_KEY = b"nodekey "


class RefusedError(Exception):
    """The request is answered with an error; ``invalid`` tells the agent that its key is dead."""

    def __init__(self, status: int, message: str, *, invalid: bool = False, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.invalid = invalid
        self.retry_after = retry_after


def interesting(scope: Scope) -> dict[bytes, bytes]:
    """The request headers that check-ins look at."""
    return {name: value for name, value in scope["headers"] if name in HEADERS}


def header_key(headers: dict[bytes, bytes]) -> str:
    """The node key of ``Authorization: NodeKey KEY``, or nothing."""
    value = headers.get(b"authorization", b"")
    return value[len(NODE_KEY) :].strip().decode("latin-1") if value[: len(NODE_KEY)].lower() == NODE_KEY else ""


async def identify(instance: Instance, node_key: str, headers: dict[bytes, bytes]) -> HostRecord:
    """The host of a node key, marked as seen. Raises RefusedError for a key that nobody has."""
    hashed = key_hash(node_key or header_key(headers))
    registry = instance.registry
    now = instance.clock()
    record = registry.by_key.get(hashed) or await _look_up(instance, hashed, now)
    record.seen_at = now
    registry.seen.add(record)
    return record


async def _look_up(instance: Instance, hashed: bytes, now: int) -> HostRecord:
    # The registry holds every host, but another process may have enrolled this one; the database has the last word.
    registry = instance.registry
    if not registry.is_unknown(hashed, now):
        async with instance.database.read() as connection:
            row = await store.by_key(connection, hashed)
        if row is not None:
            return registry.by_key.get(hashed) or registry.add(row)
        registry.note_unknown(hashed, now)
    instance.counters.invalid_keys += 1
    raise RefusedError(401, "the node key is not known", invalid=True)


async def refuse(instance: Instance, send: Send, error: RefusedError | UnavailableError, path: str) -> None:
    """Answer with an error body that agents understand."""
    trace = str(uuid.uuid4())
    headers: list[Header] = [JSON]
    body: dict[str, object] = {"error": str(error), "uuid": trace}
    if isinstance(error, UnavailableError):
        status = 503
        headers.append((b"retry-after", str(error.retry_after).encode()))
    else:
        status = error.status
        if error.invalid:
            body["node_invalid"] = True
        if error.retry_after is not None:
            headers.append((b"retry-after", str(error.retry_after).encode()))
    if status == 413:
        # The rest of the body was not read.
        headers.append((b"connection", b"close"))
    instance.counters.refused += 1
    instance.log.info("check-in refused", path=path, status=status, reason=str(error), uuid=trace)
    await answer(send, status, msgspec.json.encode(body), headers)
