"""TCP connections to a server by its name, through an HTTP proxy where one is set."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple
from urllib.parse import unquote

from leadline.flags import Flags
from leadline.plugins.errors import UnreachableError, UnusableError
from leadline.plugins.trust import printable

TIMEOUT = 16.0
SHORTEST = 4.0
"""Seconds that each address of a host with several has at least."""

PROXY_PORT = 3128
MAX_TUNNEL_ANSWER = 16_384

Hold = Callable[[socket.socket], None]
"""Is given each socket before it may block, so that another thread can end it; raises OSError when that is asked."""


class Proxy(NamedTuple):
    """An HTTP proxy; ``credentials`` are ``user:password`` or empty."""

    host: str
    port: int
    credentials: str


def proxy_of(flags: Flags) -> Proxy | None:
    """What ``proxy_hostname`` says: ``[http://][user:password@]host[:port]``. Raises UnusableError."""
    text = flags.text("proxy_hostname").removeprefix("http://").rstrip("/")
    if not text:
        return None
    credentials, _, place = text.rpartition("@")
    try:
        host, port = host_port(place, PROXY_PORT)
    except ValueError as error:
        raise UnusableError(f"The port of the proxy is none: {place} (--proxy_hostname)") from error
    if not host or "/" in host:
        raise UnusableError("The proxy is to be given as host:port, without a path (--proxy_hostname)")
    return Proxy(host, port, unquote(credentials))


def dial(flags: Flags, host: str, port: int, hold: Hold) -> socket.socket:
    """A connection to the server. Raises UnreachableError."""
    proxy = proxy_of(flags)
    if proxy is None:
        return reach(host, port, "", hold)
    connected = reach(proxy.host, proxy.port, "the proxy ", hold)
    try:
        tunnel(connected, proxy, host, port)
    except BaseException:
        connected.close()
        raise
    return connected


def reach(host: str, port: int, what: str, hold: Hold) -> socket.socket:
    """Connect to the first address of a name that answers. Raises UnreachableError."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreachableError("resolve", f"Cannot resolve {what}{host}: {reason}") from error
    failures = []
    end = monotonic() + TIMEOUT
    for place, (family, kind, protocol, _, address) in enumerate(addresses):
        tried = socket.socket(family, kind, protocol)
        tried.settimeout(max(SHORTEST, (end - monotonic()) / (len(addresses) - place)))
        try:
            hold(tried)
            tried.connect(address)
            tried.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            return tried
        except OSError as error:
            tried.close()
            failures.append(f"({address[0]}): {error.strerror or error}")
    reasons = "; ".join(dict.fromkeys(failures)) or ": it has no address"
    raise UnreachableError("connect", f"Cannot connect to {what}{host}:{port} {reasons}")


def tunnel(connected: socket.socket, proxy: Proxy, host: str, port: int) -> None:
    """Ask a proxy for a tunnel (RFC 9110, 9.3.6). Raises UnreachableError."""
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    request = f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n"
    if proxy.credentials:
        request += f"Proxy-Authorization: Basic {base64.b64encode(proxy.credentials.encode()).decode()}\r\n"
    place = f"{proxy.host}:{proxy.port}"
    try:
        connected.settimeout(TIMEOUT)
        connected.sendall(f"{request}\r\n".encode())
        status = tunnel_answer(connected)
    except OSError as error:
        reason = error.strerror or error
        raise UnreachableError("proxy", f"The proxy {place} does not open a tunnel: {reason}") from error
    version, _, rest = status.partition(" ")
    if not version.startswith("HTTP/1."):
        raise UnreachableError("proxy", f"The proxy {place} does not speak HTTP: {status[:80]!r}")
    if not rest.startswith("2"):
        hint = ""
        if rest.startswith("407"):
            hint = (
                " (it does not accept the user and password in --proxy_hostname)"
                if proxy.credentials
                else " (it wants a user and password: --proxy_hostname=USER:PASSWORD@HOST:PORT)"
            )
        raise UnreachableError("proxy", f"The proxy {place} refuses a tunnel to {host}:{port}: {printable(rest)}{hint}")


def tunnel_answer(connected: socket.socket) -> str:
    """The status line of a proxy's answer to CONNECT, which is read up to its empty line and not beyond."""
    answer = b""
    end = monotonic() + TIMEOUT
    while b"\r\n\r\n" not in answer and len(answer) < MAX_TUNNEL_ANSWER:
        if monotonic() > end:
            raise TimeoutError(f"no answer within {TIMEOUT:g} s")
        piece = connected.recv(1)
        if not piece:
            break
        answer += piece
    return answer.partition(b"\r\n")[0].decode("latin-1") or "no answer"


def host_port(text: str, default: int) -> tuple[str, int]:
    """``host``, ``host:port``, ``[address]`` or ``[address]:port``. Raises ValueError for a port that is none."""
    host, separator, port = text.rpartition(":")
    if not separator or (":" in host and not host.startswith("[")) or (text.startswith("[") and text.endswith("]")):
        host, port = text, str(default)
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise ValueError(f"no port: {port}")
    return host.strip("[]"), int(port)
