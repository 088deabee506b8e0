"""The bodies of osquery's TLS API, as agents send them and servers answer them.

Decoding is tolerant where released agents differ: an empty result may be ``""`` or ``[]``, a status a number or a
string, and whole members may be missing or null. Results and log lines stay undecoded (:class:`msgspec.Raw`) until
somebody needs their cells. Source: osquery's TLS plugins, reference pages ``osquery.md`` 6 and ``fleet.md`` 1.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

Scalar = str | int | float | bool | None
Row = dict[str, Scalar]

DETAIL_PREFIX = "fleet_detail_query_"
LIVE_PREFIX = "fleet_distributed_query_"


class EnrollRequest(Struct):
    """``host_details`` maps os_version, osquery_info, system_info and platform_info to their first row."""

    enroll_secret: str = ""
    host_identifier: str = ""
    platform_type: str | int = ""
    host_details: dict[str, Row | None] | None = None


class EnrollReply(Struct):
    node_key: str


class NodeRequest(Struct):
    """What every request has, and stock osqueryd's distributed/read no more than it."""

    node_key: str = ""


class ReadRequest(NodeRequest):
    """``running`` names the queries that our agent has not answered yet; it sends them where ``Prefer: running`` was
    applied."""

    running: list[str] | None = None


class ConfigRequest(Struct):
    """``etag`` is present on agents that compare configurations; empty the first time."""

    node_key: str = ""
    etag: str | UnsetType | None = UNSET


class LogRequest(Struct):
    """``log_type`` is ``result`` or ``status``; ``data`` holds one object a line."""

    node_key: str = ""
    log_type: str = ""
    data: list[Raw] | None = None


class Stats(Struct):
    """Cost of one query; milliseconds and bytes. Numbers come as numbers or as text."""

    wall_time_ms: int | float | str | None = 0
    user_time: int | float | str | None = 0
    system_time: int | float | str | None = 0
    memory: int | float | str | None = 0


class WriteRequest(Struct):
    """Answers to distributed queries, by query name."""

    node_key: str = ""
    queries: dict[str, Raw] | None = None
    statuses: dict[str, int | float | str | None] | None = None
    messages: dict[str, str | None] | None = None
    stats: dict[str, Stats | None] | None = None


class ReadReply(Struct):
    """``accelerate`` is a duration in seconds during which the agent polls every five; ``cancel`` names running queries
    that nobody waits for any more, for an agent that told of them."""

    queries: dict[str, str]
    discovery: dict[str, str]
    accelerate: int | UnsetType = UNSET
    cancel: list[str] | UnsetType = UNSET


class ErrorReply(Struct):
    """Any body with ``error`` is a failed call for an agent; ``node_invalid`` makes it drop its key."""

    error: str
    node_invalid: bool | UnsetType = UNSET


def rows(raw: bytes | Raw | None) -> list[Row]:
    """The rows of one answer; an absent, null or ``""`` answer has none.

    Raises msgspec.ValidationError for anything else that is not a list of flat objects.
    """
    if raw is None:
        return []
    decoded = _RESULT.decode(raw)
    if isinstance(decoded, str):
        if decoded:
            raise msgspec.ValidationError("a result must be a list of rows")
        return []
    return decoded or []


def status(value: float | str | None) -> int:
    """A query's status: 0 is success. Text is read as a number; what cannot be read is a failure (1)."""
    if isinstance(value, str):
        value = value.strip()
        try:
            return int(value) if value else 0
        except ValueError:
            return 1
    return 0 if value is None else int(value)


def text(value: Scalar) -> str:
    """One cell as text; null is the empty string."""
    return "" if value is None else value if isinstance(value, str) else str(value)


_RESULT: msgspec.json.Decoder[list[Row] | str | None] = msgspec.json.Decoder(list[Row] | str | None)
