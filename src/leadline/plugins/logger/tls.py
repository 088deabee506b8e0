"""Log lines to osquery's TLS API."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

from leadline.plugins.errors import UnusableError
from leadline.plugins.kinds import Context, Status
from leadline.plugins.session import Session

log = logging.getLogger(__name__)


class TLS:
    """Posts lines to ``logger_tls_endpoint``, results and status messages each in a stream of their own."""

    streams = {"result": ("result", "snapshot"), "status": ("status",)}  # noqa: RUF012

    def __init__(self, context: Context) -> None:
        self.flags = context.flags
        self.session = Session(context)
        if self.flags.on("tls_disable_status_log"):
            self.streams = {"result": ("result", "snapshot")}

    @property
    def period(self) -> float:
        return self.flags.real("logger_tls_period")

    @property
    def most(self) -> int:
        return max(1, self.flags.number("logger_tls_max_lines"))

    @property
    def patience(self) -> float:
        return self.flags.real("logger_tls_backoff_max")

    def start(self) -> None:
        """The configuration may name the endpoint later, so only sending looks for it."""

    def mark(self, stream: str) -> str:  # noqa: ARG002
        """Whether a request was taken only its answer tells: there is nothing to remember."""
        return ""

    def send(self, stream: str, lines: Sequence[str], receipt: str) -> str:
        """Send lines, leaving out those that are longer than ``logger_tls_max_linesize``."""
        endpoint = self.flags.text("logger_tls_endpoint")
        if not endpoint:
            raise UnusableError("Cannot send log lines: no endpoint is set (--logger_tls_endpoint)")
        longest = self.flags.number("logger_tls_max_linesize")
        fitting = [line for line in lines if len(line) <= longest and len(line.encode()) <= longest]
        if len(fitting) < len(lines):
            log.warning("Linesize exceeds TLS logger maximum: dropped %d lines", len(lines) - len(fitting))
        if fitting:
            data = ",".join(fitting)
            self.session.call(
                endpoint,
                lambda key: f'{{"node_key":{json.dumps(key)},"log_type":"{stream}","data":[{data}]}}',
                compress=self.flags.on("logger_tls_compress"),
            )
        return receipt

    def status(self, message: Status) -> None:
        """Status messages go through the buffer."""

    def cancel(self) -> None:
        """End a sending that another thread is in."""
        self.session.cancel()

    def close(self) -> None:
        """Close the connection."""
        self.session.transport.close()
