"""Distributed queries over osquery's TLS API."""

from __future__ import annotations

import json
from typing import Any

from leadline.plugins.errors import RefusedError, UnusableError
from leadline.plugins.kinds import Context, Work
from leadline.plugins.session import Session
from leadline.plugins.transport import TIMEOUT


class TLS:
    """Asks at ``distributed_tls_read_endpoint`` and answers to ``distributed_tls_write_endpoint``."""

    def __init__(self, context: Context) -> None:
        self.flags = context.flags
        self.session = Session(context)

    def read(self, wait: int) -> Work:
        """Ask for work.

        ``wait`` goes out as the preference of RFC 7240 of the same name; a server that honours it says so, and may
        then take that long. Others answer at once.
        """
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        found, reply = self.session.call(
            self.endpoint("distributed_tls_read_endpoint"),
            lambda key: f'{{"node_key":{json.dumps(key)}}}',
            attempts=self.flags.number("distributed_tls_max_attempts"),
            headers=headers,
            timeout=TIMEOUT + wait,
        )
        accelerate = found.get("accelerate")
        return Work(
            statements(found, "queries"),
            statements(found, "discovery"),
            accelerate if isinstance(accelerate, int) and not isinstance(accelerate, bool) else 0,
            held=wait > 0 and "wait" in reply.headers.get("preference-applied", "").lower(),
        )

    def write(self, results: str) -> None:
        """Send answers; the node key becomes their last member."""
        self.session.call(
            self.endpoint("distributed_tls_write_endpoint"),
            lambda key: f'{results[:-1]},"node_key":{json.dumps(key)}}}',
            attempts=self.flags.number("distributed_tls_max_attempts"),
        )

    def endpoint(self, flag: str) -> str:
        """The path that a flag names."""
        path = self.flags.text(flag)
        if not path:
            raise UnusableError(f"Cannot ask for distributed queries: no endpoint is set (--{flag})")
        return path

    def cancel(self) -> None:
        """End a request that another thread is in."""
        self.session.cancel()


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
