"""POST enroll: a secret becomes a node key."""

from __future__ import annotations

import hmac

import msgspec

from leadline.server.asgi import Receive, Scope, Send, answer
from leadline.server.checkin import body, requests
from leadline.server.checkin.requests import RefusedError
from leadline.server.domain import details, hosts
from leadline.server.instance import Instance
from leadline.server.rate import Buckets
from leadline.server.store import enroll_secrets
from leadline.server.store import hosts as store
from leadline.wire.osquery_tls import EnrollReply, EnrollRequest

_DECODER = msgspec.json.Decoder(EnrollRequest)

FAILURES = Buckets(per_minute=30, burst=30)
"""Failed enrolls by address: guessing a secret is slow, and a mistaken deployment does not drown the log."""


async def enroll(instance: Instance, scope: Scope, receive: Receive, send: Send) -> None:
    """Check the secret, store the host, ingest what it told of itself, answer with its key."""
    headers = requests.interesting(scope)
    data = await body.read(receive, headers.get(b"content-encoding"), instance.settings.limits.enroll_body)
    request = _DECODER.decode(data)
    now = instance.clock()
    address = scope["client"][0] if scope.get("client") else ""
    wait = FAILURES.wait(address, now)
    if wait:
        raise RefusedError(429, "too many failed enrolls from this address", retry_after=wait)
    async with instance.database.read() as connection:
        held = await enroll_secrets.load(connection)
    given = request.enroll_secret.encode("utf-8", "replace")
    # Every secret is compared, so the time says nothing of which one was close.
    if not sum(hmac.compare_digest(given, secret.secret.encode()) for secret in held):
        FAILURES.take(address, now)
        instance.log.warning("enroll refused: wrong secret", address=address, identifier=request.host_identifier[:64])
        raise RefusedError(401, "the enroll secret is not valid", invalid=True)
    record_id, node_key = await _store(instance, request, address, now)
    instance.counters.enroll += 1
    instance.log.info("host enrolled", host=record_id, identifier=request.host_identifier[:64], address=address)
    await answer(send, 200, msgspec.json.encode(EnrollReply(node_key)))


async def _store(instance: Instance, request: EnrollRequest, address: str, now: int) -> tuple[int, str]:
    told = request.host_details or {}
    values = details.from_enrollment(told, now)
    uuid = str(values.get("uuid", ""))
    instance_id = str(values.get("instance_id", ""))
    identifier = details.clean(request.host_identifier) or uuid or instance_id or str(values.get("hostname", ""))
    if not identifier:
        raise RefusedError(400, "the request names no host")
    node_key = hosts.new_node_key()
    hashed = hosts.key_hash(node_key)
    values.update(node_key_hash=hashed, public_ip=address[:64])
    async with instance.database.write() as connection:
        host_id, new = await store.enroll(connection, identifier, uuid, instance_id, values, now)
        row = await store.by_key(connection, hashed)
    record = instance.registry.add(row)
    record.details_due = 0
    record.digests.clear()
    if not new:
        instance.log.info("host enrolled again: its earlier key is dead", host=host_id)
    return host_id, node_key
