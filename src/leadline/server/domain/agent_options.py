"""The configuration that enrolled agents get."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from msgspec import Struct

DISTRIBUTED_INTERVAL = 10
LOGGER_PERIOD = 10

DEFAULT: dict[str, Any] = {
    "options": {
        "distributed_interval": DISTRIBUTED_INTERVAL,
        "distributed_tls_max_attempts": 3,
        "logger_tls_period": LOGGER_PERIOD,
        "pack_delimiter": "/",
    },
    "decorators": {
        "load": ["SELECT uuid AS host_uuid FROM system_info;", "SELECT hostname AS hostname FROM system_info;"]
    },
}


class Rendered(Struct, frozen=True, kw_only=True):
    """A configuration as bytes: plain, and with its ``etag`` for agents that compare (fleet.md 1.6)."""

    plain: bytes
    tagged: bytes
    etag: str
    distributed_interval: int
    logger_tls_period: int


UNCHANGED = b'{"etag":"ok"}'


def render(options: dict[str, Any]) -> Rendered:
    """Encode a configuration once for every host that gets it."""
    plain = msgspec.json.encode(options)
    etag = hashlib.sha256(plain).hexdigest()[:32]
    told = options.get("options", {})
    return Rendered(
        plain=plain,
        tagged=msgspec.json.encode({**options, "etag": etag}),
        etag=etag,
        distributed_interval=int(told.get("distributed_interval", 0)),
        logger_tls_period=int(told.get("logger_tls_period", 0)),
    )
