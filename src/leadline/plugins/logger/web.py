"""Posting log lines to the address that a flag gives, over our transport."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from urllib.parse import urlsplit

from leadline.flags import Flags
from leadline.plugins.errors import RefusedError, UnusableError
from leadline.plugins.session import retry_after
from leadline.plugins.transport import TIMEOUT, Reply, Server, Transport

EXCERPT = 200  # characters of an answer in a message


class Post:
    """Requests to one address, ``http`` or ``https``; for one thread, except :meth:`cancel`.

    What the server's certificate is checked against, and our own, are the files in the flags PREFIX_server_certs,
    PREFIX_client_cert and PREFIX_client_key. The proxy is the one of the TLS server, ``proxy_hostname``.
    """

    def __init__(self, flags: Flags, flag: str, prefix: str) -> None:
        self.flags = flags
        self.flag = flag
        self.prefix = prefix
        self.address = ""
        self.transport: Transport | None = None
        self.server = Server("", 0, secure=True)
        self.path = "/"
        self.cancelled = False

    def check(self) -> None:
        """Take the address apart. Raises UnusableError when it is none."""
        address = self.flags.text(self.flag)
        if address == self.address and self.transport is not None:
            return
        parts = urlsplit(address)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
            raise UnusableError(f"No http or https address (--{self.flag}): {address or 'it is empty'}")
        if parts.username is not None:
            raise UnusableError(f"The address must not hold a user or a password (--{self.flag})")
        self.close()
        secure = parts.scheme == "https"
        self.server = Server(
            parts.hostname,
            port or (443 if secure else 80),
            secure,
            f"{self.prefix}_server_certs",
            (f"{self.prefix}_client_cert", f"{self.prefix}_client_key"),
        )
        self.path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.transport = Transport(self.flags, self.server)
        self.transport.cancelled = self.cancelled
        self.address = address

    def send(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        path: str = "",
        compress: bool = False,
        timeout: float = TIMEOUT,
    ) -> Reply:
        """Post a body; any answer is returned. Raises PluginError."""
        self.check()
        assert self.transport is not None
        sent = dict(headers)
        if compress:
            body = gzip.compress(body, 6)
            sent["Content-Encoding"] = "gzip"
        return self.transport.exchange(self.server.host, self.server.port, path or self.path, body, sent, timeout)

    def cancel(self) -> None:
        """End the request that another thread is in, and every later one."""
        self.cancelled = True
        if self.transport is not None:
            self.transport.cancel()

    def close(self) -> None:
        """Close the connection."""
        if self.transport is not None:
            self.transport.close()


def secret(flags: Flags, path_flag: str, value_flag: str) -> str:
    """What a file holds, without the white space around it, else the value of a flag.

    The file is read each time, so that a new secret needs no restart. Raises UnusableError.
    """
    path = flags.text(path_flag)
    if not path:
        return flags.text(value_flag)
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(65_536).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnusableError(f"Cannot read {path} (--{path_flag}): {reason}") from error


def refusal(reply: Reply, what: str) -> RefusedError:
    """The error for an answer that is no success."""
    text = " ".join(reply.body[: 4 * EXCERPT].decode("utf-8", "replace").split())[:EXCERPT]
    sentence = f"{what} answered {reply.status} {reply.reason}".strip() + (f": {text}" if text else "")
    return RefusedError(sentence, retry_after(reply), reply.status)
