"""The calls to the server's REST API that `up` needs: which hosts are there, ask one, read its answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import urllib3

from leadline.up.errors import UpError


class Client:
    """A connection to one server, verified by the authority in its data directory.

    ``url`` is the server's base address, ``ca`` the path of its authority, ``token`` an API token.
    """

    def __init__(self, url: str, ca: str, token: str) -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.pool = urllib3.PoolManager(ca_certs=ca, retries=False, timeout=urllib3.Timeout(connect=5, read=60))

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request; the decoded answer. Raises UpError with what the server said."""
        data = None if body is None else json.dumps(body).encode()
        try:
            answer = self.pool.request(method, self.url + path, body=data, headers=self.headers)
        except urllib3.exceptions.HTTPError as error:
            raise UpError(f"the server at {self.url} does not answer: {error}") from error
        if answer.status >= 400:
            raise UpError(f"the server refused {method} {path}: {answer.status} {reason(answer.data)}")
        return json.loads(answer.data or b"null")

    def host(self, identifier: str, since: float) -> dict[str, Any] | None:
        """The host of that UUID or host name, once it has called since a time (seconds since the epoch)."""
        path = f"/api/latest/fleet/hosts?query={quote(identifier)}&order_key=seen_time&order_direction=desc"
        hosts: list[dict[str, Any]] = self.call("GET", path)["hosts"]
        wanted = identifier.lower()
        ours = (host for host in hosts if wanted in (host["uuid"].lower(), host["hostname"].lower()))
        return next((host for host in ours if seconds(host["seen_time"]) >= since), None)

    def ask(self, sql: str, host: int) -> int:
        """Start a live query on one host; its id."""
        body = {"query": sql, "selected": {"hosts": [host], "labels": [], "teams": []}}
        campaign: int = self.call("POST", "/api/latest/fleet/queries/run", body)["campaign"]["id"]
        return campaign

    def answers(self, query: int, timeout: float) -> Iterator[tuple[str, Any]]:
        """The server-sent events of a live query as (event, data), until its end.

        Raises UpError when the stream breaks or nothing is heard for ``timeout`` seconds.
        """
        path = f"/api/latest/leadline/live_queries/{query}/events"
        try:
            with self.pool.request(
                "GET",
                self.url + path,
                headers=self.headers,
                preload_content=False,
                timeout=urllib3.Timeout(connect=5, read=timeout),
            ) as stream:
                if stream.status >= 400:
                    raise UpError(f"the server refused GET {path}: {stream.status} {reason(stream.read())}")
                yield from events(stream.stream(65536))
        except urllib3.exceptions.HTTPError as error:
            raise UpError(f"no answer within {timeout:g} s: {error}") from error


def events(chunks: Iterator[bytes]) -> Iterator[tuple[str, Any]]:
    """The events in a text/event-stream; comments are keep-alives and skipped."""
    name, data, rest = "message", [], b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            field, _, value = line.rstrip(b"\r").partition(b": ")
            if field == b"event":
                name = value.decode()
            elif field == b"data":
                data.append(value)
            elif not field and data:
                yield name, json.loads(b"\n".join(data))
                name, data = "message", []


def seconds(stamp: str) -> float:
    """Seconds since the epoch of an RFC 3339 time."""
    from datetime import datetime

    return datetime.fromisoformat(stamp).timestamp()


def reason(body: bytes) -> str:
    """The sentence in an error answer."""
    try:
        told = json.loads(body)
        return str(told.get("errors", [{}])[0].get("reason") or told.get("message", ""))
    except (ValueError, AttributeError, IndexError):
        return body[:200].decode(errors="replace")
