"""POST config: what the host is to do, rendered once and served as bytes."""

from __future__ import annotations

import msgspec

from leadline.server.asgi import Receive, Scope, Send, answer
from leadline.server.checkin import body, requests
from leadline.server.domain.agent_options import UNCHANGED
from leadline.server.instance import Instance
from leadline.wire.osquery_tls import ConfigRequest

_DECODER = msgspec.json.Decoder(ConfigRequest)


async def config(instance: Instance, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the configuration; agents that sent an etag get one back, or only ``{"etag":"ok"}``."""
    headers = requests.interesting(scope)
    data = await body.read(receive, headers.get(b"content-encoding"), instance.settings.limits.config_body)
    request = _DECODER.decode(data)
    record = await requests.identify(instance, request.node_key, headers)
    rendered = instance.configuration
    # The options just sent tell how often the host will call from now on (fleet.md 1.6).
    if rendered.distributed_interval not in (0, record.distributed_interval):
        values = {
            "distributed_interval": rendered.distributed_interval,
            "logger_tls_period": rendered.logger_tls_period,
        }
        record.learn(values)
        instance.registry.change(record.id, values)
    instance.counters.config += 1
    if request.etag is msgspec.UNSET:
        await answer(send, 200, rendered.plain)
    else:
        await answer(send, 200, UNCHANGED if request.etag == rendered.etag else rendered.tagged)
