"""Asking a web service for one small document: the metadata services of clouds, and the APIs behind them.

A metadata service is reached over a link-local address (RFC 3927) that no proxy may ever see: the connection is opened
here, and neither proxies of the environment nor redirects are heeded; only an API over TLS goes through a proxy that
the caller names. A machine outside of the cloud has nobody at that address, so that connecting gets a short time of
its own.
"""

from __future__ import annotations

from leadline.linux import http1

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from socket import socket

    from leadline.linux.http1 import Reply

ADDRESS = "http://169.254.169.254"

QUICK = 0.25  # seconds for each step towards what may not be there
SECONDS = 3.0  # for an answer; osquery waits as long
LIMIT = 1 << 20  # bytes of an answer

_PROXY_PORT = 3128
_HEAD = 16384  # bytes of a proxy's answer


class UnconnectedError(OSError):
    """Nobody answers at the address of the service."""


class AddressError(ValueError):
    """What is given for the address of the service is none."""


def ask(
    endpoint: str,
    target: str,
    headers: Mapping[str, str],
    *,
    method: str = "GET",
    body: bytes = b"",
    proxy: str = "",
    connect: float = QUICK,
    seconds: float = SECONDS,
    limit: int = LIMIT,
    cancelled: Callable[[], bool] = lambda: False,
) -> Reply:
    """The answer to one request; ``target`` is a path with its query, quoted already, and goes behind the endpoint's.

    ``proxy``, written HOST or HOST:PORT, opens the way to an https endpoint. Raises AddressError for an endpoint that
    is no http or https address, UnconnectedError, OSError for a connection that breaks or an answer that is late, and
    ValueError for what is no HTTP answer.
    """
    secure, host, port, authority, path = _address(endpoint)
    lines = [f"{method} {path}{target} HTTP/1.1", f"Host: {authority}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body or method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    lines += ["Connection: close", "", ""]
    request = "\r\n".join(lines).encode("ascii") + body
    with _connected(host, port, connect, seconds, secure, proxy if secure else "") as channel:
        return http1.exchange(channel, request, seconds=seconds, limit=limit, cancelled=cancelled)


def _address(endpoint: str, usual: int = 80) -> tuple[bool, str, int, str, str]:
    """Of an address: whether it is a secure one, host, port, what Host says, and what stands in front of paths."""
    from urllib.parse import urlsplit

    try:
        address = urlsplit(endpoint)
        secure = address.scheme == "https"
        host, port = address.hostname, address.port or (443 if secure else usual)
    except ValueError as error:
        raise AddressError(f"{endpoint!r} is not the address of a web service: {error}") from error
    if not host or address.scheme not in ("http", "https") or not all("!" <= one <= "~" for one in endpoint):
        raise AddressError(f"{endpoint!r} is not the address of a web service")
    return secure, host, port, address.netloc.rpartition("@")[2], address.path.rstrip("/")


def _connected(host: str, port: int, connect: float, seconds: float, secure: bool, proxy: str) -> socket:
    """A connection. Raises UnconnectedError, and OSError when the other side cannot prove who it is."""
    import socket

    where = (host, port)
    if proxy:
        _, name, number, _, _ = _address(proxy if "://" in proxy else f"http://{proxy}", _PROXY_PORT)
        where = (name, number)
    try:
        channel = socket.create_connection(where, connect)
    except (OSError, UnicodeError) as error:  # a name with an empty or overlong label is a UnicodeError
        raise UnconnectedError(f"no connection to {where[0]}:{where[1]}: {error}") from error
    if not secure:
        return channel
    import ssl

    channel.settimeout(seconds)
    try:
        if proxy:
            _tunnel(channel, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        return ssl.create_default_context().wrap_socket(channel, server_hostname=host)
    except BaseException:
        channel.close()
        raise


def _tunnel(channel: socket, authority: str) -> None:
    """Have a proxy open the way, RFC 9110 section 9.3.6. Raises UnconnectedError when it does not."""
    channel.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode("ascii"))
    head = b""
    # Byte by byte: what comes behind the empty line belongs to TLS.
    while not head.endswith(b"\r\n\r\n") and len(head) < _HEAD and (byte := channel.recv(1)):
        head += byte
    status = head.partition(b"\r\n")[0].decode("latin-1")
    if status[8:12] != " 200":
        raise UnconnectedError(f"the proxy opens no way to {authority}: {status or 'no answer'}")
