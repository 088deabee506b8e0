"""What an operator can set, and what the rest of the server reads from it."""

from __future__ import annotations

import os

from msgspec import Struct

from leadline.server.errors import SetupError
from leadline.server.store.database import sqlite_url

MIB = 1 << 20


class Limits(Struct, frozen=True, kw_only=True):
    """Sizes in bytes of bodies after decompression, counts of rows, times in seconds."""

    enroll_body: int = MIB
    config_body: int = 64 << 10
    read_body: int = 64 << 10
    log_body: int = 10 * MIB
    write_body: int = 16 * MIB
    rest_body: int = MIB
    wait: int = 60  # longest hold of a distributed read
    live_lifetime: int = 24 * 3600  # a live query is open for so long
    live_answer: int = 300  # a host that took a live query and is silent for so long has timed out
    live_rows: int = 25_000  # stored for one host and live query
    live_bytes: int = 4 * MIB  # the same, as JSON
    live_total_rows: int = 1_000_000  # stored for one live query
    live_retention: int = 30 * 86_400
    session: int = 5 * 86_400
    detail_interval: int = 3600


class Settings(Struct, frozen=True, kw_only=True):
    """``data`` is an absolute directory; ``database`` a URL, empty for the SQLite file in ``data``."""

    data: str
    host: str = "127.0.0.1"
    port: int = 8412
    database: str = ""
    limits: Limits = Limits()

    @property
    def database_url(self) -> str:
        """The URL to connect to."""
        return self.database or sqlite_url(self.path("leadline.db"))

    def path(self, *names: str) -> str:
        """A path in the data directory."""
        return os.path.join(self.data, *names)


def address(text: str) -> tuple[str, int]:
    """Take ``HOST:PORT``, ``[IPV6]:PORT`` or ``:PORT`` apart. Raises SetupError."""
    host, colon, port = text.rpartition(":")
    host = host.strip("[]")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise SetupError(f"{text!r} is no address to listen on; write HOST:PORT, such as 127.0.0.1:8412")
    return host or "0.0.0.0", int(port)  # noqa: S104 - an empty host means every interface, as everywhere
