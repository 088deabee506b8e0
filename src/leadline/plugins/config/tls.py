"""The configuration from osquery's TLS API."""

from __future__ import annotations

import json

from leadline.plugins.errors import UnusableError
from leadline.plugins.kinds import Context
from leadline.plugins.session import Session

SOURCE = "tls_plugin"


class TLS:
    """Reads the document at ``config_tls_endpoint``."""

    def __init__(self, context: Context) -> None:
        self.flags = context.flags
        self.session = Session(context)

    def read(self) -> dict[str, str]:
        """The document as the one source ``tls_plugin``."""
        endpoint = self.flags.text("config_tls_endpoint")
        if not endpoint:
            raise UnusableError("Cannot read the configuration: no endpoint is set (--config_tls_endpoint)")
        attempts = self.flags.number("config_tls_max_attempts")
        _, reply = self.session.call(endpoint, lambda key: f'{{"node_key":{json.dumps(key)}}}', attempts=attempts)
        return {SOURCE: reply.body.decode("utf-8", "replace") or "{}"}

    def cancel(self) -> None:
        """End a read that another thread is in."""
        self.session.cancel()
