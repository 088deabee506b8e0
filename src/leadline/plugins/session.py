"""Calls to the TLS API in the name of an enrolled machine."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from leadline.flags import Flags
from leadline.plugins.errors import InvalidNodeKeyError, PluginError, RefusedError, UnusableError
from leadline.plugins.kinds import Context
from leadline.plugins.secret import enroll_secret
from leadline.plugins.transport import TIMEOUT, Parts, Reply, Transport
from leadline.plugins.trust import printable

INVALID = "Request failed: Invalid node key"
EXCERPT = 160  # characters of an answer in a message
LONGEST_WAIT = 3600.0
"""Seconds that a server may ask us to wait with the next try."""


class Session:
    """What a TLS plugin sends its requests with; for one thread at a time, except :meth:`cancel`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.transport = Transport(context.flags)

    def call(
        self,
        endpoint: str,
        body: Callable[[str], str | Parts],
        *,
        attempts: int = 1,
        compress: bool = False,
        fetch: bool = False,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> tuple[dict[str, Any], Reply]:
        """Post what ``body`` makes of the node key; the decoded object and the reply it came in.

        A failed try is followed by a wait of n² seconds. A node key that the server does not know is dropped, so
        that the next try enrolls. ``fetch`` marks the request that ``tls_node_api`` makes a GET, whose answer has the
        document as text in its member config. Raises PluginError.
        """
        attempt = 1
        while True:
            try:
                return self.once(endpoint, body, compress, fetch, headers or {}, timeout)
            except UnusableError:
                raise
            except PluginError:
                if attempt >= attempts or self.context.stopping.wait(attempt**2):
                    raise
            attempt += 1

    def once(
        self,
        endpoint: str,
        body: Callable[[str], str | Parts],
        compress: bool,
        fetch: bool,
        headers: Mapping[str, str],
        timeout: float,
    ) -> tuple[dict[str, Any], Reply]:
        """One try."""
        flags = self.context.flags
        key = self.context.keys.key()
        sent = dict(headers)
        if key:
            sent["Authorization"] = f"NodeKey {key}"
        path = address(flags, endpoint, key)
        try:
            if fetch and flags.on("tls_node_api"):
                reply = self.transport.request("GET", path, b"", sent, timeout)
                return embedded(decode(reply), reply) if reply.status != 304 else ({}, reply)
            made = body(key)
            content = made.encode("utf-8", "backslashreplace") if isinstance(made, str) else made
            if compress and isinstance(content, bytes):
                content = gzip.compress(content, 6)
                sent["Content-Encoding"] = "gzip"
            reply = self.transport.post(path, content, sent, timeout)
            return decode(reply), reply
        except InvalidNodeKeyError:
            if not flags.on("disable_reenrollment"):
                self.context.keys.invalid(key)
            raise

    def cancel(self) -> None:
        """End the call that another thread is in, and every later one."""
        self.transport.cancel()


def address(flags: Flags, endpoint: str, key: str) -> str:
    """The path to an endpoint, with what ``tls_node_api`` and ``tls_secret_always`` put into it.

    Raises UnusableError when there is no secret to put in.
    """
    path = endpoint if endpoint.startswith("/") else f"/{endpoint}"
    if flags.on("tls_node_api") and key:
        path = f"/{quote(key, safe='')}{path}"
    path = with_secret(flags, path)
    if flags.on("tls_node_api") and key:
        path += f"{'&' if '?' in path else '?'}node_key={quote(key, safe='')}"
    return path


def with_secret(flags: Flags, path: str) -> str:
    """A path, with the enroll secret behind it when ``tls_secret_always`` is on. Raises UnusableError."""
    if not flags.on("tls_secret_always"):
        return path
    name = quote(flags.text("tls_enroll_override"), safe="")
    return f"{path}{'&' if '?' in path else '?'}{name}={quote(enroll_secret(flags), safe='')}"


def embedded(found: dict[str, Any], reply: Reply) -> tuple[dict[str, Any], Reply]:
    """The document within the answer of a node API. Raises RefusedError."""
    text = found.get("config")
    if not isinstance(text, str):
        raise RefusedError("The server's answer holds no configuration as text in its member config (--tls_node_api)")
    inner = reply._replace(body=text.encode("utf-8", "replace"))
    return decode(inner), inner


def decode(reply: Reply) -> dict[str, Any]:
    """The object in an answer; an empty body is an empty object.

    The body decides before the status does, because servers disagree on the status of ``node_invalid``; but an
    answer of 400 and above is no success whatever it says (osquery takes an empty 503 for one and loses log lines),
    and a server that is out of order (500 and above) cannot tell whose keys are valid. Raises InvalidNodeKeyError and
    RefusedError.
    """
    status = f"{reply.status} {printable(reply.reason)}".strip()
    try:
        found = json.loads(reply.body) if reply.body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise RefusedError(
            f"The server's answer ({status}) is not JSON: {excerpt(reply)}", retry_after(reply), reply.status
        ) from error
    if not isinstance(found, dict):
        raise RefusedError(f"The server's answer ({status}) is not a JSON object", retry_after(reply), reply.status)
    told = printable(str(found["error"])) if "error" in found else ""
    if found.get("node_invalid") is True and reply.status < 500:
        raise InvalidNodeKeyError(f"{INVALID}: {told}" if told else INVALID)
    if told or "error" in found:
        raise RefusedError(f"Request failed: {told}", retry_after(reply), reply.status)
    if reply.status >= 400:
        start = f": {excerpt(reply)}" if reply.body.strip() else ""
        raise RefusedError(f"Request failed: the server answered {status}{start}", retry_after(reply), reply.status)
    return found


def excerpt(reply: Reply) -> str:
    """How a body starts, in quotes."""
    text = " ".join(reply.body[: 4 * EXCERPT].decode("utf-8", "replace").split())
    return repr(text[:EXCERPT])


def retry_after(reply: Reply) -> float:
    """The seconds of a Retry-After header, an hour at most; a date there is left unread."""
    text = reply.headers.get("retry-after", "")
    return min(float(text), LONGEST_WAIT) if text.isascii() and text.isdigit() else 0.0
