"""Serves the built web interface: one page for every path, hashed assets for ever, nothing from elsewhere."""

from __future__ import annotations

import hashlib
import mimetypes
import os

from msgspec import Struct

from leadline.server.asgi import Header, Scope, Send, answer, header

STATIC = os.path.join(os.path.dirname(__file__), "static")

SECURITY: list[Header] = [
    (
        b"content-security-policy",
        # Inline styles: the editor and the component library set them; scripts come from files only.
        b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
        b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]
FOREVER = b"public, max-age=31536000, immutable"
CHECK = b"no-cache"
ENCODINGS = ((b"br", ".br"), (b"gzip", ".gz"))
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2",
         ".webmanifest": "application/manifest+json", ".ico": "image/x-icon"}  # fmt: skip
TEXT = ("text/", "application/json", "application/manifest+json", "image/svg+xml")

NOT_BUILT = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Leadline</title>
<p>The web interface has not been built. Run <code>make ui</code> in the checkout, then load this page again.</p></html>
"""


class File(Struct, frozen=True):
    """A file in memory; ``stamp`` tells when it has to be read again."""

    stamp: tuple[int, int]
    data: bytes
    etag: bytes


class Static:
    """Files of a directory, kept in memory until they change on disk."""

    def __init__(self, directory: str = STATIC) -> None:
        self._directory = os.path.realpath(directory)
        self._files: dict[str, File] = {}

    async def serve(self, scope: Scope, send: Send) -> None:
        """Answer GET and HEAD: the file of the path, else the page; unknown assets are 404."""
        if scope["method"] not in ("GET", "HEAD"):
            await answer(send, 405, b"", [(b"allow", b"GET, HEAD"), *SECURITY])
            return
        name = self._name(scope["path"])
        file = self._read(name) if name else None
        if file is None or not name:
            if scope["path"].startswith("/assets/") or "." in scope["path"].rsplit("/", 1)[-1]:
                await answer(send, 404, b"not found", [(b"content-type", b"text/plain"), *SECURITY])
                return
            name, file = "index.html", self._read("index.html")
        if file is None:
            await answer(send, 503, NOT_BUILT, [(b"content-type", b"text/html; charset=utf-8"), *SECURITY])
            return
        await self._send(scope, send, name, file)

    async def _send(self, scope: Scope, send: Send, name: str, file: File) -> None:
        headers: list[Header] = [
            (b"content-type", content_type(name)),
            (b"cache-control", FOREVER if name.startswith("assets/") else CHECK),
            (b"vary", b"accept-encoding"),
            *SECURITY,
        ]
        accepted = {part.partition(b";")[0].strip() for part in header(scope, b"accept-encoding").split(b",")}
        for encoding, suffix in ENCODINGS:
            packed = self._read(name + suffix) if encoding in accepted else None
            if packed is not None:
                file = packed
                headers.append((b"content-encoding", encoding))
                break
        headers.append((b"etag", file.etag))
        if file.etag in (tag.strip().removeprefix(b"W/") for tag in header(scope, b"if-none-match").split(b",")):
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        await answer(send, 200, file.data, headers)

    def _name(self, path: str) -> str:
        """The path below the directory, or nothing for one that leaves it."""
        name = path.lstrip("/")
        if "\x00" in name:
            return ""
        full = os.path.realpath(os.path.join(self._directory, name))
        inside = full.startswith(self._directory + os.sep)
        return name if inside and not name.endswith((".br", ".gz", "/")) else ""

    def _read(self, name: str) -> File | None:
        path = os.path.join(self._directory, name)
        try:
            found = os.stat(path)
            if not os.path.isfile(path):
                return None
            stamp = (found.st_mtime_ns, found.st_size)
            held = self._files.get(name)
            if held is None or held.stamp != stamp:
                with open(path, "rb") as file:
                    data = file.read()
                etag = b'"' + hashlib.sha256(data).hexdigest()[:32].encode() + b'"'
                held = self._files[name] = File(stamp, data, etag)
        except OSError:
            return None
        return held


def content_type(name: str) -> bytes:
    """Media type of a file name, with the character set where it is text."""
    extension = os.path.splitext(name)[1]
    kind = TYPES.get(extension) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return (f"{kind}; charset=utf-8" if kind.startswith(TEXT) else kind).encode()
