"""Log lines to Elasticsearch or OpenSearch, with the bulk API.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from time import gmtime, strftime
from typing import Any

import msgspec

from leadline.plugins.errors import IncompleteError, RefusedError
from leadline.plugins.kinds import Context, Status
from leadline.plugins.logger import web

RETRYABLE = (408, 429, 500, 502, 503, 504)
"""Statuses of an item that another try may mend. The others say that the document is not acceptable."""


class Line(msgspec.Struct):
    """What is read of a line: its time."""

    unixTime: float = 0.0  # noqa: N815 - osquery's spelling


class Elasticsearch:
    """Creates documents in ``elasticsearch_index``, each a line with its ``@timestamp``.

    The server makes their ids: an id made of the line would make one document of two rows that are equal.
    """

    streams = {"result": ("result", "snapshot"), "status": ("status",)}  # noqa: RUF012
    patience = 3600.0

    def __init__(self, context: Context) -> None:
        self.context = context
        self.flags = context.flags
        self.post = web.Post(context.flags, "elasticsearch_url", "elasticsearch")
        self.decoder = msgspec.json.Decoder(Line)

    @property
    def period(self) -> float:
        return max(0.1, self.flags.real("elasticsearch_period"))

    @property
    def most(self) -> int:
        return max(1, self.flags.number("elasticsearch_max_lines"))

    def start(self) -> None:
        """See that there are an address and keys. Raises UnusableError."""
        self.post.check()
        self.headers()

    def headers(self) -> dict[str, str]:
        """Who we are: an API key, or a user and a password."""
        found = {"Content-Type": "application/x-ndjson"}
        key = web.secret(self.flags, "elasticsearch_api_key_path", "elasticsearch_api_key")
        user = self.flags.text("elasticsearch_user")
        if key:
            found["Authorization"] = f"ApiKey {key}"
        elif user:
            password = web.secret(self.flags, "elasticsearch_password_path", "elasticsearch_password")
            found["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        return found

    def mark(self, stream: str) -> str:  # noqa: ARG002
        """Whether lines were taken only the answer tells: there is nothing to remember."""
        return ""

    def send(self, stream: str, lines: Sequence[str], receipt: str) -> str:
        """Send the lines as one bulk request, and look at what became of each."""
        body = "".join([self.document(stream, line) for line in lines]).encode("utf-8", "backslashreplace")
        self.post.check()
        path, mark, query = self.post.path.partition("?")
        reply = self.post.send(
            body,
            self.headers(),
            path=f"{path.rstrip('/')}/_bulk{mark}{query}",
            compress=self.flags.on("elasticsearch_compress"),
        )
        if reply.status != 200:
            raise web.refusal(reply, "Elasticsearch")
        try:
            answer = json.loads(reply.body)
            items = [next(iter(item.values())) for item in answer["items"]] if answer["errors"] else []
        except (ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
            raise RefusedError("Elasticsearch's answer to a bulk request is not what its API says") from error
        if items:
            if len(items) != len(lines):
                raise RefusedError("Elasticsearch's answer to a bulk request does not have an item for each line")
            judge(items)
        return receipt

    def document(self, stream: str, line: str) -> str:
        """The two lines of a bulk request for one line."""
        try:
            seconds = self.decoder.decode(line).unixTime
        except msgspec.DecodeError:
            seconds = 0.0
        moment = datetime.fromtimestamp(seconds, UTC)
        action = {"create": {"_index": self.index(stream, seconds)}}
        comma = "" if line == "{}" else ","
        return f'{json.dumps(action)}\n{{"@timestamp":"{moment:%Y-%m-%dT%H:%M:%SZ}"{comma}{line[1:]}\n'

    def index(self, stream: str, seconds: float) -> str:
        """The data stream or index of a line: its time and its stream fill the pattern."""
        pattern = self.flags.text("elasticsearch_index").replace("{type}", stream)
        return strftime(pattern, gmtime(seconds)) if "%" in pattern else pattern

    def status(self, message: Status) -> None:
        """Status messages go through the buffer."""

    def cancel(self) -> None:
        """End a sending that another thread is in."""
        self.post.cancel()

    def close(self) -> None:
        """Close the connection."""
        self.post.close()


def judge(items: Sequence[dict[str, Any]]) -> None:
    """Tell documents to be sent again from those never to be taken. Raises IncompleteError when there are any."""
    left: dict[int, str] = {}
    refused: dict[int, str] = {}
    for index, item in enumerate(items):
        status = int(item.get("status", 0))
        if 200 <= status < 300:
            continue
        error = item.get("error")
        detail = f"{error.get('type')}: {error.get('reason')}" if isinstance(error, dict) else str(error)
        (left if status in RETRYABLE else refused)[index] = f"Elasticsearch answered {status}: {detail}"[:500]
    if left or refused:
        first = next(iter((left or refused).values()))
        raise IncompleteError(
            f"{len(left)} documents were not taken and {len(refused)} never will be ({first})", left, refused
        )
