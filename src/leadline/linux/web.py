"""Getting a page from the web, as the tables about web servers do: redirects are followed, certificates are verified.

Bounded in time, in bytes and in redirects. Proxies of the environment are not asked: osquery does not either.
"""

from __future__ import annotations

from leadline.linux import http1

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket
    from ssl import SSLContext
    from urllib.parse import SplitResult

    from leadline.linux.http1 import Reply

_MOST_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def get(
    address: str,
    agent: str,
    *,
    seconds: float,
    limit: int,
    authorities: str = "",
    cancelled: Callable[[], bool] = lambda: False,
    redirects: int = _MOST_REDIRECTS,
) -> Reply:
    """The answer to a GET of an http or https address, after its redirects.

    ``seconds`` bounds all of it but the resolver, which has times of its own, and ``limit`` each answer in bytes.
    Servers are verified with the certificates in the file or directory ``authorities``, with the system's when it is
    not there. Raises OSError for what the network or the server's certificate does not allow (TimeoutError when it
    takes too long) and ValueError for an address that is none, for what is no HTTP answer, and for too many redirects.
    """
    from time import monotonic
    from urllib.parse import urljoin

    end = monotonic() + seconds
    for _ in range(redirects + 1):
        parts = split(address)
        left = end - monotonic()
        if left <= 0:
            raise TimeoutError(f"no answer within {seconds:g} seconds")
        with _connected(parts, left, authorities) as channel:
            reply = http1.exchange(
                channel,
                request(parts, agent),
                seconds=max(end - monotonic(), 0.001),
                limit=limit,
                cancelled=cancelled,
            )
        if reply.status not in _REDIRECTS:
            return reply
        if not reply.location:
            raise ValueError("a redirect says not where to")
        address = urljoin(address, reply.location)
    raise ValueError(f"more than {redirects} redirects")


def split(address: str) -> SplitResult:
    """The parts of an http or https address. Raises ValueError for another one."""
    from urllib.parse import quote, urlsplit

    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError(f"{address[:200]!r} is no address of the web")
    # What is quoted already stays so; nothing that would end the request's line gets through.
    return parts._replace(
        path=quote(parts.path, "/%:@!$&'()*+,;=~") or "/", query=quote(parts.query, "/?%:@!$&'()*+,;=~")
    )


def request(parts: SplitResult, agent: str) -> bytes:
    """The request for an address. Raises ValueError for a host's name that cannot be one."""
    host = _ascii(parts.hostname or "")
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port not in (None, 443 if parts.scheme == "https" else 80) else ""
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}{port}", f"User-Agent: {agent}", "Accept: */*"]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("utf-8", "replace")


def _ascii(host: str) -> str:
    """A host's name as DNS has it. Raises ValueError for what is none."""
    name = host if host.isascii() else host.encode("idna").decode("ascii")
    if not all("!" <= character <= "~" for character in name):
        raise ValueError("a host's name holds a blank or a control character")
    return name


def _connected(parts: SplitResult, seconds: float, authorities: str) -> socket:
    """A connection that is verified when it is to be secure. Raises OSError, and ValueError for an impossible name."""
    secure = parts.scheme == "https"
    host = _ascii(parts.hostname or "")
    channel = _reached(host, parts.port or (443 if secure else 80), seconds)
    if not secure:
        return channel
    try:
        context = _context(authorities)
        channel.settimeout(seconds)
        return context.wrap_socket(channel, server_hostname=host.partition("%")[0])
    except BaseException:
        channel.close()
        raise


def _reached(host: str, port: int, seconds: float) -> socket:
    """A connection to the first address of a host that takes one."""
    import socket
    from time import monotonic

    end = monotonic() + seconds
    refused: OSError = TimeoutError(f"no connection within {seconds:g} seconds")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        left = end - monotonic()
        if left <= 0:
            break
        channel = socket.socket(family, kind, protocol)
        try:
            channel.settimeout(left)
            channel.connect(address)
        except OSError as error:
            channel.close()
            refused = error
        else:
            return channel
    raise refused


def _context(authorities: str) -> SSLContext:
    import os
    import ssl

    if not os.path.exists(authorities):  # the flag's default names a file that osquery's packages bring along
        return ssl.create_default_context()
    directory = os.path.isdir(authorities)
    return ssl.create_default_context(
        cafile=None if directory else authorities, capath=authorities if directory else None
    )
