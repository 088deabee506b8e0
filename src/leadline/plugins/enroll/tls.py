"""Enrollment over osquery's TLS API: a secret that all machines share is exchanged for a key of this one."""

from __future__ import annotations

import json
import logging
from time import monotonic

from leadline.plugins.errors import InvalidNodeKeyError, PluginError, RefusedError, UnusableError
from leadline.plugins.kinds import Context
from leadline.plugins.secret import enroll_secret
from leadline.plugins.session import INVALID, decode, with_secret
from leadline.plugins.transport import Transport

log = logging.getLogger(__name__)

PLATFORM_TYPE = "9"
"""POSIX 1 + LINUX 8, as text."""


class TLS:
    """Enrolls by a request to ``enroll_tls_endpoint``."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.transport = Transport(context.flags)
        self.failures = 0
        self.earliest = 0.0  # of the next try, on the monotonic clock: callers that come again do not hurry it

    def enroll(self) -> str:
        """Ask until there is a key, at most ``tls_enroll_max_attempts`` times, n² seconds apart. Raises PluginError."""
        flags = self.context.flags
        attempts = flags.number("tls_enroll_max_attempts")
        longest = flags.number("tls_enroll_max_interval")
        attempt = 0
        while True:
            if self.context.stopping.wait(max(0.0, self.earliest - monotonic())):
                raise PluginError("Enrollment was interrupted")
            attempt += 1
            try:
                key = self.once()
            except PluginError as error:
                self.failures += 1
                wait = max(min(self.failures**2, longest), error.retry_after)
                self.earliest = monotonic() + wait
                if isinstance(error, UnusableError) or (attempts and attempt >= attempts):
                    raise
                if not self.context.stopping.is_set():
                    log.warning("Enrollment failed: %s; next try in %g s", error, wait)
            else:
                self.failures = 0
                return key

    def once(self) -> str:
        """One request."""
        flags = self.context.flags
        endpoint = flags.text("enroll_tls_endpoint")
        if not endpoint:
            raise UnusableError("Cannot enroll: no endpoint is set (--enroll_tls_endpoint)")
        body = {
            flags.text("tls_enroll_override"): enroll_secret(flags),
            "host_identifier": self.context.identifier(),
            "platform_type": PLATFORM_TYPE,
            "host_details": self.context.details(),
        }
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
        path = with_secret(flags, endpoint if endpoint.startswith("/") else f"/{endpoint}")
        try:
            answer = decode(self.transport.post(path, content, {}))
        except InvalidNodeKeyError as error:
            raise RefusedError(f"The server refused the enroll secret{str(error).removeprefix(INVALID)}") from error
        finally:
            self.transport.close()  # for months there may be nothing more to ask
        key = answer.get("node_key") or answer.get("id")
        if not isinstance(key, str) or not key:
            raise RefusedError("The server's answer to the enrollment holds no node key")
        if not key.isprintable() or not key.isascii():
            raise RefusedError("The node key of the server cannot stand in a header: it is not printable ASCII")
        return key

    def cancel(self) -> None:
        """End an enrollment that another thread is in."""
        self.transport.cancel()
