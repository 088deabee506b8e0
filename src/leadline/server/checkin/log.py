"""POST log: result and status lines, passed on without looking into them."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from leadline.server.asgi import Receive, Scope, Send, answer
from leadline.server.checkin import body, requests
from leadline.server.checkin.distributed import text
from leadline.server.checkin.requests import RefusedError
from leadline.server.instance import Instance
from leadline.wire.osquery_tls import LogRequest

_DECODER = msgspec.json.Decoder(LogRequest)


async def log(instance: Instance, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer when the lines are on disk. A kind of log that nobody knows is refused (fleet.md 6.3)."""
    headers = requests.interesting(scope)
    data = await body.read(receive, headers.get(b"content-encoding"), instance.settings.limits.log_body)
    request = _DECODER.decode(text(data))
    await requests.identify(instance, request.node_key, headers)
    match request.log_type:
        case "result":
            destination = instance.results
        case "status":
            destination = instance.statuses
        case _:
            raise RefusedError(400, "log_type is neither result nor status")
    taken = lines(request.data or [])
    await destination.append(taken)
    instance.counters.log += 1
    instance.counters.lines += len(taken)
    await answer(send, 200, b"{}")


def lines(data: list[Raw]) -> list[bytes]:
    """Objects as they came, each on one line; what is no object is dropped."""
    found: list[bytes] = []
    for raw in data:
        line = bytes(raw).strip()
        if line[:1] != b"{":
            continue
        found.append(msgspec.json.format(line, indent=-1) if b"\n" in line or b"\r" in line else line)
    return found
