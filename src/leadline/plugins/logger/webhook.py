"""Log lines to any address, in the body of a POST."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from time import time

from leadline.plugins.errors import UnusableError
from leadline.plugins.kinds import Context, Status
from leadline.plugins.logger import web

FORMATS = {"ndjson": "application/x-ndjson", "json": "application/json"}


class Webhook:
    """Posts lines to ``webhook_url``, one a line or as a JSON array. Any answer of 200 to 299 takes them all.

    With a secret the request is signed: ``X-Leadline-Signature: t=SECONDS,sha256=HEX``, the HMAC of ``SECONDS.BODY``
    with the body as it is before it is packed.
    """

    streams = {"result": ("result", "snapshot"), "status": ("status",)}  # noqa: RUF012
    patience = 3600.0

    def __init__(self, context: Context) -> None:
        self.context = context
        self.flags = context.flags
        self.post = web.Post(context.flags, "webhook_url", "webhook")

    @property
    def period(self) -> float:
        return max(0.1, self.flags.real("webhook_period"))

    @property
    def most(self) -> int:
        return max(1, self.flags.number("webhook_max_lines"))

    def start(self) -> None:
        """See that the flags make sense. Raises UnusableError."""
        self.post.check()
        self.type()
        self.secret()

    def type(self) -> str:
        """The content type of the format."""
        format = self.flags.text("webhook_format")
        if format not in FORMATS:
            raise UnusableError(f"No format of a webhook (--webhook_format): {format} (there are ndjson and json)")
        return FORMATS[format]

    def secret(self) -> str:
        """What requests are signed with; nothing for unsigned ones."""
        return web.secret(self.flags, "webhook_secret_path", "webhook_secret")

    def mark(self, stream: str) -> str:  # noqa: ARG002
        """Whether lines were taken only the answer tells: there is nothing to remember."""
        return ""

    def send(self, stream: str, lines: Sequence[str], receipt: str) -> str:
        """Post the lines."""
        headers = {
            "Content-Type": self.type(),
            "X-Leadline-Host": self.context.identifier().encode("ascii", "backslashreplace").decode(),
            "X-Leadline-Log-Type": stream,
        }
        text = "\n".join(lines) + "\n" if headers["Content-Type"] == FORMATS["ndjson"] else f"[{','.join(lines)}]"
        body = text.encode("utf-8", "backslashreplace")
        secret = self.secret()
        if secret:
            headers["X-Leadline-Signature"] = signature(secret, int(time()), body)
        token = web.secret(self.flags, "webhook_token_path", "webhook_token")
        if token:
            headers["Authorization"] = f"Bearer {token}"
        reply = self.post.send(body, headers, compress=self.flags.on("webhook_compress"))
        if not 200 <= reply.status < 300:
            raise web.refusal(reply, "The webhook")
        return receipt

    def status(self, message: Status) -> None:
        """Status messages go through the buffer."""

    def cancel(self) -> None:
        """End a sending that another thread is in."""
        self.post.cancel()

    def close(self) -> None:
        """Close the connection."""
        self.post.close()


def signature(secret: str, seconds: int, body: bytes) -> str:
    """The value of the signature's header."""
    made = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},sha256={made.hexdigest()}"
