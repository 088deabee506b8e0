"""Log lines to osquery's TLS API."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from leadline.plugins.errors import IncompleteError, UnusableError
from leadline.plugins.kinds import Context, Status
from leadline.plugins.session import Session


class TLS:
    """Posts lines to ``logger_tls_endpoint``, results and status messages each in a stream of their own."""

    def __init__(self, context: Context) -> None:
        self.flags = context.flags
        self.session = Session(context)

    @property
    def streams(self) -> Mapping[str, Sequence[str]]:
        results = {"result": ("result", "snapshot")}
        return results if self.flags.on("tls_disable_status_log") else {**results, "status": ("status",)}

    @property
    def period(self) -> float:
        return max(0.1, self.flags.real("logger_tls_period"))

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
        """Send lines, refusing those that are longer than ``logger_tls_max_linesize``."""
        endpoint = self.flags.text("logger_tls_endpoint")
        if not endpoint:
            raise UnusableError("Cannot send log lines: no endpoint is set (--logger_tls_endpoint)")
        longest = self.flags.number("logger_tls_max_linesize")
        refused = {
            index: f"Linesize exceeds TLS logger maximum: {len(line.encode('utf-8', 'backslashreplace'))}"
            for index, line in enumerate(lines)
            if len(line) * 4 > longest and len(line.encode("utf-8", "backslashreplace")) > longest
        }
        data = ",".join(line for index, line in enumerate(lines) if index not in refused)
        if data:
            self.session.call(
                endpoint,
                lambda key: f'{{"node_key":{json.dumps(key)},"log_type":"{stream}","data":[{data}]}}',
                compress=self.flags.on("logger_tls_compress"),
            )
        if refused:
            raise IncompleteError("Lines are too long", (), refused)
        return receipt

    def status(self, message: Status) -> None:
        """Status messages go through the buffer."""

    def cancel(self) -> None:
        """End a sending that another thread is in."""
        self.session.cancel()

    def close(self) -> None:
        """Close the connection."""
        self.session.transport.close()
