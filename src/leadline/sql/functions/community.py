"""Community ID flow hashes, version 1: https://github.com/corelight/community-id-spec

As in osquery the ports are taken as they are: the specification's mapping of ICMP types is the caller's.
"""

from __future__ import annotations

import hashlib
from binascii import b2a_base64

from leadline.sql.errors import SQLError
from leadline.sql.functions.arguments import text
from leadline.sql.functions.network import address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from leadline.sql.functions import Settings
    from leadline.sql.schema import Value


def community_id_v1_strict(_: Settings) -> Callable[..., str]:
    """The function that raises SQLError for arguments which describe no flow."""
    return flow_hash


def community_id_v1(settings: Settings) -> Callable[..., str | None]:
    """The function that gives NULL for them and a warning."""

    def call(*arguments: Value) -> str | None:
        try:
            return flow_hash(*arguments)
        except SQLError as error:
            settings.warn(error.message)
            return None

    return call


def flow_hash(
    source: Value, destination: Value, source_port: Value, destination_port: Value, protocol: Value, seed: Value = 0
) -> str:
    """``1:`` and the SHA-1 of the flow in base64, the same for both directions.

    Addresses are text, the rest integers. Raises SQLError with the reason otherwise.
    """
    if not isinstance(seed, int):
        raise SQLError("Community ID seed must be an integer")
    if not -0x8000 <= seed <= 0x7FFF:
        raise SQLError("Community ID seed must fit in 2 bytes")
    if not isinstance(source, str) or not isinstance(destination, str):
        raise SQLError("Community ID IPs must be strings")
    ends = address(text(source)), address(text(destination))
    if ends[0] is None or ends[1] is None:
        raise SQLError(f"Community ID {'saddr' if ends[0] is None else 'daddr'} cannot be parsed as IP")
    if not isinstance(source_port, int) or not isinstance(destination_port, int):
        raise SQLError("Community ID ports must be integers")
    if not (0 <= source_port <= 0xFFFF and 0 <= destination_port <= 0xFFFF):
        raise SQLError("Community ID ports must fit in 2 bytes")
    if not isinstance(protocol, int):
        raise SQLError("Community ID protocol must be an integer")
    if not 0 <= protocol <= 0xFF:
        raise SQLError("Community ID protocol must fit in 1 byte")
    # IPv4 sorts before IPv6, then addresses by value, then ports.
    low, high = sorted(
        ((len(ends[0]), ends[0], source_port), (len(ends[1]), ends[1], destination_port)),
    )
    flow = b"".join(
        (
            (seed & 0xFFFF).to_bytes(2, "big"), low[1], high[1], bytes((protocol, 0)),
            low[2].to_bytes(2, "big"), high[2].to_bytes(2, "big"),
        )
    )  # fmt: skip
    return "1:" + b2a_base64(hashlib.sha1(flow, usedforsecurity=False).digest(), newline=False).decode()
