"""Enrollment over osquery's TLS API: a secret that all machines share is exchanged for a key of this one."""

from __future__ import annotations

import json
import logging
import os
from time import monotonic

from leadline.plugins.errors import InvalidNodeKeyError, PluginError, RefusedError, UnusableError
from leadline.plugins.kinds import Context
from leadline.plugins.session import decode
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
                log.warning("Enrollment failed: %s; next try in %g s", error, wait)
            else:
                self.failures = 0
                return key

    def once(self) -> str:
        """One request. The secret is read anew for each, so that it can be replaced while the agent runs."""
        flags = self.context.flags
        endpoint = flags.text("enroll_tls_endpoint")
        if not endpoint:
            raise UnusableError("Cannot enroll: no endpoint is set (--enroll_tls_endpoint)")
        body = {
            flags.text("tls_enroll_override"): self.secret(),
            "host_identifier": self.context.identifier(),
            "platform_type": PLATFORM_TYPE,
            "host_details": self.context.details(),
        }
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
        try:
            answer = decode(self.transport.post(endpoint, content, {}))
        except InvalidNodeKeyError as error:
            raise RefusedError("The server refused the enroll secret") from error
        key = answer.get("node_key") or answer.get("id")
        if not isinstance(key, str) or not key:
            raise RefusedError("The server's answer to the enrollment holds no node key")
        return key

    def secret(self) -> str:
        """The enroll secret, from the file or the environment variable that the flags name; empty without either."""
        path = self.context.flags.text("enroll_secret_path")
        if path:
            try:
                with open(path, encoding="utf-8") as stream:
                    return stream.read().strip()
            except (OSError, UnicodeDecodeError) as error:
                raise UnusableError(f"Cannot read the enroll secret in {path}: {error}") from error
        variable = self.context.flags.text("enroll_secret_env")
        if not variable:
            return ""
        if variable not in os.environ:
            raise UnusableError(f"The environment variable {variable} with the enroll secret is not set")
        return os.environ[variable]

    def cancel(self) -> None:
        """End an enrollment that another thread is in."""
        self.transport.cancel()
