"""Distributed queries over osquery's TLS API."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from typing import Any

from leadline.plugins.errors import RefusedError, UnusableError
from leadline.plugins.kinds import Context, Results, Work
from leadline.plugins.session import Session
from leadline.plugins.transport import TIMEOUT, Parts


class TLS:
    """Asks at ``distributed_tls_read_endpoint`` and answers to ``distributed_tls_write_endpoint``."""

    def __init__(self, context: Context) -> None:
        self.flags = context.flags
        self.session = Session(context)
        self.answering = Session(context)
        """A connection of its own, since the other one may be held by the server."""
        self.aware = False

    def read(self, wait: int, running: Sequence[str]) -> Work:
        """Ask for work.

        ``wait`` goes out as the preference of RFC 7240 of the same name; a server that honours it says so, and may
        then take that long. Others answer at once. ``running`` is a preference of ours: a server that says it applies
        it is told the queries that run here, as a member of the request, and answers with a member ``cancel``.
        """

        def body(key: str) -> str:
            busy = f',"running":{json.dumps(list(running))}' if running and self.aware else ""
            return f'{{"node_key":{json.dumps(key)}{busy}}}'

        found, reply = self.session.call(
            self.endpoint("distributed_tls_read_endpoint"),
            body,
            attempts=self.flags.number("distributed_tls_max_attempts"),
            headers={"Prefer": f"wait={wait}, running" if wait else "running"},
            timeout=TIMEOUT + wait,
        )
        applied = [one.strip().lower() for one in reply.headers.get("preference-applied", "").split(",")]
        self.aware = "running" in applied
        accelerate = found.get("accelerate")
        cancelled = found.get("cancel")
        return Work(
            statements(found, "queries"),
            statements(found, "discovery"),
            accelerate if isinstance(accelerate, int) and not isinstance(accelerate, bool) else 0,
            held=wait > 0 and any(one.partition("=")[0] == "wait" for one in applied),
            aware=self.aware,
            cancel=[id for id in cancelled if isinstance(id, str)] if isinstance(cancelled, list) else [],
        )

    def write(self, results: Results) -> None:
        """Send answers; the node key becomes their last member."""

        def body(key: str) -> Parts:
            end = f',"node_key":{json.dumps(key)}}}'.encode()
            return Parts(results.size + len(end) + 1, lambda: chain((b"{",), results.pieces(), (end,)))

        self.answering.call(
            self.endpoint("distributed_tls_write_endpoint"),
            body,
            attempts=self.flags.number("distributed_tls_max_attempts"),
        )

    def endpoint(self, flag: str) -> str:
        """The path that a flag names."""
        path = self.flags.text(flag)
        if not path:
            raise UnusableError(f"Cannot ask for distributed queries: no endpoint is set (--{flag})")
        return path

    def cancel(self) -> None:
        """End the requests that other threads are in."""
        self.session.cancel()
        self.answering.cancel()


def statements(found: dict[str, Any], member: str) -> dict[str, str]:
    """SQL by query id. Raises RefusedError when a part is empty or no text: osquery rejects the whole document then."""
    value = found.get(member)
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise RefusedError(f"The server's {member} are not an object")
    for name, sql in value.items():
        if not name or not isinstance(sql, str) or not sql:
            raise RefusedError(f"The server sent an empty or invalid entry in {member}: {name!r}")
    return value
