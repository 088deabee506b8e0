"""The configuration from osquery's TLS API.

Of a configuration that has not changed nothing is sent again: a server that knows the member ``etag`` of the request
(Fleet's extension of 2026) answers ``{"etag":"ok"}``, one that knows HTTP's validators answers 304.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from leadline.plugins.errors import PluginError, RefusedError, UnusableError
from leadline.plugins.kinds import Context, PackText
from leadline.plugins.session import Session

SOURCE = "tls_plugin"
UNCHANGED = {"etag": "ok"}


class TLS:
    """Reads the document at ``config_tls_endpoint``."""

    def __init__(self, context: Context) -> None:
        self.flags = context.flags
        self.session = Session(context)
        self.text = ""
        self.etag = ""  # the server's name for the text, as a member
        self.validator = ""  # and as a header

    def read(self) -> dict[str, str]:
        """The document as the one source ``tls_plugin``."""
        endpoint = self.flags.text("config_tls_endpoint")
        if not endpoint:
            raise UnusableError("Cannot read the configuration: no endpoint is set (--config_tls_endpoint)")
        comparing = self.flags.on("config_tls_etag")

        def body(key: str) -> str:
            etag = f',"etag":{json.dumps(self.etag)}' if comparing else ""
            return f'{{"node_key":{json.dumps(key)}{etag}}}'

        found, reply = self.session.call(
            endpoint,
            body,
            attempts=self.flags.number("config_tls_max_attempts"),
            fetch=True,
            headers={"If-None-Match": self.validator} if comparing and self.validator else {},
        )
        if reply.status == 304 or found == UNCHANGED:
            if not self.text:
                raise RefusedError("The server says that the configuration has not changed, and sent none before")
            return {SOURCE: self.text}
        self.text = reply.body.decode("utf-8", "replace") or "{}"
        etag = found.get("etag")
        self.etag = etag if isinstance(etag, str) else ""
        self.validator = reply.headers.get("etag", "")
        return {SOURCE: self.text}

    def packs(self, name: str, value: str) -> Sequence[PackText]:
        """None: as in osquery, packs of this plugin are inside of the configuration."""
        raise PluginError(f"the tls plugin has packs inside of the configuration only: {name} is at {value}")

    def cancel(self) -> None:
        """End a read that another thread is in."""
        self.session.cancel()
