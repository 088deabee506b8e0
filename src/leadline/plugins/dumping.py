"""Requests and answers on standard error, for people who look for a mistake: ``tls_dump`` together with ``verbose``.

Never through the log: what is logged may be sent to the server, in requests that would be dumped again.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from leadline.flags import Flags

if TYPE_CHECKING:
    from leadline.plugins.transport import Parts

MOST = 65_536  # bytes of one body
HIDDEN = "(hidden)"

# Members whose value is a secret: node keys, enroll secrets, what destinations' flags hold, passwords in options.
_SECRET = re.compile(
    r'("[^"\\]*(?:secret|passw|token|node_key|access_key|credential)[^"\\]*"\s*:\s*)"(?:[^"\\]|\\.)*("|$)',
    re.IGNORECASE,
)


def wanted(flags: Flags) -> bool:
    """Whether to dump."""
    return flags.on("tls_dump") and flags.on("verbose")


def request(flags: Flags, method: str, path: str, body: bytes | Parts, headers: Mapping[str, str]) -> None:
    """Print a request."""
    if not wanted(flags):
        return
    key = headers.get("Authorization", "").rpartition(" ")[2]
    secrets = [secret for secret in (key, quote(key, safe="")) if secret]
    for secret in secrets:
        path = path.replace(secret, HIDDEN)
    override = re.escape(flags.text("tls_enroll_override"))
    path = re.sub(rf"([?&](?:{override}|node_key)=)[^&]*", rf"\1{HIDDEN}", path)
    if headers.get("Content-Encoding"):
        text = f"({len(body) if isinstance(body, bytes) else body.size} bytes, {headers['Content-Encoding']})"
    else:
        text = redacted(beginning(body), flags.text("tls_enroll_override"))
    show(f"{method} {path}: {text}")


def reply(flags: Flags, status: int, reason: str, body: bytes) -> None:
    """Print an answer."""
    if wanted(flags):
        show(f"{status} {reason}: {redacted(body[:MOST], flags.text('tls_enroll_override'))}")


def beginning(body: bytes | Parts) -> bytes:
    """The first MOST bytes."""
    if isinstance(body, bytes):
        return body[:MOST]
    content = b""
    for piece in body.pieces():
        content += piece
        if len(content) >= MOST:
            break
    return content[:MOST]


def redacted(content: bytes, override: str) -> str:
    """The text of a JSON body without its secrets."""
    text = _SECRET.sub(rf'\1"{HIDDEN}\2', content.decode("utf-8", "replace"))
    named = re.compile(rf'("{re.escape(override)}"\s*:\s*)"(?:[^"\\]|\\.)*("|$)')
    return named.sub(rf'\1"{HIDDEN}\2', text)


def show(text: str) -> None:
    """Print."""
    print(text, file=sys.stderr, flush=True)
