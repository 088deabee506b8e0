"""Log lines to Splunk's HTTP Event Collector.

https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from time import monotonic
from typing import Any

import msgspec

from leadline.plugins.errors import IncompleteError, RefusedError
from leadline.plugins.kinds import Context, Status
from leadline.plugins.logger import web

INVALID = 6
"""The collector's code for "invalid data format"; ``invalid-event-number`` tells which event."""

POLL = 1.0  # seconds between two questions whether lines are indexed


class Line(msgspec.Struct):
    """What is read of a line: its time."""

    unixTime: float = 0.0  # noqa: N815 - osquery's spelling


class Splunk:
    """Posts events to ``splunk_hec_url``; a line is an event with ``host``, ``time`` and ``sourcetype``.

    Lines leave the buffer when the collector has accepted them, or with ``splunk_hec_ack`` when it says that they are
    indexed.
    """

    streams = {"result": ("result", "snapshot"), "status": ("status",)}  # noqa: RUF012
    patience = 3600.0

    def __init__(self, context: Context) -> None:
        self.context = context
        self.flags = context.flags
        self.post = web.Post(context.flags, "splunk_hec_url", "splunk_hec")
        self.channel = str(uuid.uuid4())
        self.decoder = msgspec.json.Decoder(Line)

    @property
    def period(self) -> float:
        return max(0.1, self.flags.real("splunk_hec_period"))

    @property
    def most(self) -> int:
        return max(1, self.flags.number("splunk_hec_max_lines"))

    def start(self) -> None:
        """See that there is an address and a token. Raises UnusableError."""
        self.post.check()
        self.token()

    def token(self) -> str:
        """The collector's token."""
        return web.secret(self.flags, "splunk_hec_token_path", "splunk_hec_token")

    def mark(self, stream: str) -> str:  # noqa: ARG002
        """Whether events were taken only the answer tells: there is nothing to remember."""
        return ""

    def send(self, stream: str, lines: Sequence[str], receipt: str) -> str:
        """Post the lines as one body of events, and with ``splunk_hec_ack`` wait until they are indexed."""
        headers = {"Authorization": f"Splunk {self.token()}"}
        if self.flags.on("splunk_hec_ack"):
            headers["X-Splunk-Request-Channel"] = self.channel
        head = self.head(stream)
        body = "\n".join([self.event(head, line) for line in lines]).encode("utf-8", "backslashreplace")
        reply = self.post.send(
            body, headers, path=self.path("/services/collector/event"), compress=self.flags.on("splunk_hec_compress")
        )
        answer = decode(reply.body)
        if reply.status == 400 and answer.get("code") == INVALID:
            self.invalid(answer, len(lines))
        if reply.status != 200 or answer.get("code", 0) != 0:
            raise web.refusal(reply, "Splunk")
        if self.flags.on("splunk_hec_ack") and "ackId" in answer:
            self.wait(int(answer["ackId"]), headers)
        return receipt

    def path(self, fallback: str) -> str:
        """The path of the address, or the collector's usual one when it has none."""
        self.post.check()
        return fallback if self.post.path == "/" else self.post.path

    def head(self, stream: str) -> str:
        """The beginning of every event, an open JSON object."""
        index = self.flags.text("splunk_hec_index")
        fields = {
            "host": self.context.identifier(),
            "source": self.flags.text("splunk_hec_source"),
            "sourcetype": f"{self.flags.text('splunk_hec_sourcetype')}:{stream}",
            **({"index": index} if index else {}),
        }
        return json.dumps(fields, ensure_ascii=False)[:-1]

    def event(self, head: str, line: str) -> str:
        """One event."""
        try:
            time = self.decoder.decode(line).unixTime
        except msgspec.DecodeError:
            time = 0.0
        return f'{head},"time":{time:.0f},"event":{line}}}' if time else f'{head},"event":{line}}}'

    def invalid(self, answer: dict[str, Any], amount: int) -> None:
        """The collector took the events before the invalid one and none behind it. Raises IncompleteError."""
        index = answer.get("invalid-event-number")
        if isinstance(index, int) and 0 <= index < amount:
            reason = f"Splunk answered: {answer.get('text', 'invalid data format')}"
            raise IncompleteError(reason, range(index + 1, amount), {index: reason})

    def wait(self, number: int, headers: dict[str, str]) -> None:
        """Ask until the collector says that the events of a request are indexed. Raises PluginError."""
        end = monotonic() + self.flags.real("splunk_hec_ack_timeout")
        path = self.path("/services/collector/event").replace("/event", "/ack").partition("?")[0]
        body = json.dumps({"acks": [number]}).encode()
        while True:
            reply = self.post.send(body, headers, path=f"{path}?channel={self.channel}")
            if reply.status != 200:
                raise web.refusal(reply, "Splunk, asked whether lines are indexed,")
            if decode(reply.body).get("acks", {}).get(str(number)) is True:
                return
            if monotonic() >= end or self.context.stopping.wait(POLL):
                raise RefusedError("Splunk has not said that the lines are indexed; they are sent again")

    def status(self, message: Status) -> None:
        """Status messages go through the buffer."""

    def cancel(self) -> None:
        """End a sending that another thread is in."""
        self.post.cancel()

    def close(self) -> None:
        """Close the connection."""
        self.post.close()


def decode(body: bytes) -> dict[str, Any]:
    """The object in an answer; an empty one when there is none."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
