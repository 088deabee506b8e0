"""Calls to the TLS API in the name of an enrolled machine."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any

from leadline.plugins.errors import InvalidNodeKeyError, PluginError, RefusedError, UnusableError
from leadline.plugins.kinds import Context
from leadline.plugins.transport import TIMEOUT, Reply, Transport


class Session:
    """What a TLS plugin sends its requests with; for one thread, except :meth:`cancel`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.transport = Transport(context.flags)

    def call(
        self,
        endpoint: str,
        body: Callable[[str], str],
        *,
        attempts: int = 1,
        compress: bool = False,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> tuple[dict[str, Any], Reply]:
        """Post what ``body`` makes of the node key; the decoded object and the reply it came in.

        A failed try is followed by a wait of n² seconds. A node key that the server does not know is dropped, so
        that the next try enrolls. Raises PluginError.
        """
        attempt = 1
        while True:
            try:
                return self.once(endpoint, body, compress, headers or {}, timeout)
            except UnusableError:
                raise
            except PluginError:
                if attempt >= attempts or self.context.stopping.wait(attempt**2):
                    raise
            attempt += 1

    def once(
        self, endpoint: str, body: Callable[[str], str], compress: bool, headers: Mapping[str, str], timeout: float
    ) -> tuple[dict[str, Any], Reply]:
        """One try."""
        key = self.context.keys.key()
        content = body(key).encode("utf-8", "backslashreplace")
        sent = dict(headers)
        if key:
            sent["Authorization"] = f"NodeKey {key}"
        if compress:
            content = gzip.compress(content, 6)
            sent["Content-Encoding"] = "gzip"
        reply = self.transport.post(endpoint, content, sent, timeout)
        try:
            return decode(reply), reply
        except InvalidNodeKeyError:
            if not self.context.flags.on("disable_reenrollment"):
                self.context.keys.invalid(key)
            raise

    def cancel(self) -> None:
        """End the call that another thread is in, and every later one."""
        self.transport.cancel()


def decode(reply: Reply) -> dict[str, Any]:
    """The object in an answer; an empty body is an empty object.

    The body decides before the status does, because servers disagree on the status of ``node_invalid``; but an
    answer of 400 and above is no success whatever it says (osquery takes an empty 503 for one and loses log lines).
    Raises InvalidNodeKeyError and RefusedError.
    """
    status = f"{reply.status} {reply.reason}".strip()
    try:
        found = json.loads(reply.body) if reply.body.strip() else {}
    except (ValueError, RecursionError) as error:
        start = reply.body[:80].decode("utf-8", "replace")
        raise RefusedError(
            f"The server's answer ({status}) is not JSON: {start!r}", retry_after(reply), reply.status
        ) from error
    if not isinstance(found, dict):
        raise RefusedError(f"The server's answer ({status}) is not a JSON object", retry_after(reply), reply.status)
    if found.get("node_invalid") is True:
        raise InvalidNodeKeyError("Request failed: Invalid node key")
    if "error" in found:
        raise RefusedError(f"Request failed: {found['error']}", retry_after(reply), reply.status)
    if reply.status >= 400:
        raise RefusedError(f"Request failed: the server answered {status}", retry_after(reply), reply.status)
    return found


def retry_after(reply: Reply) -> float:
    """The seconds of a Retry-After header; a date there is left unread."""
    text = reply.headers.get("retry-after", "")
    return float(text) if text.isdigit() else 0.0
