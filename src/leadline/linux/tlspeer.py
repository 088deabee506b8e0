"""The certificate that a TLS server shows, whether anybody would trust it or not."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext, SSLSocket

_PORT = 443
_SLICE = 0.25  # seconds between two looks at whether the query was cancelled


def certificate(target: str, seconds: float, cancelled: Callable[[], bool] = lambda: False) -> bytes:
    """The DER of the certificate of ``host``, ``host:port``, ``address`` or ``[address]:port``.

    The host's name is sent (SNI), and nothing is verified. ``seconds`` bounds connecting and handshake together.
    Raises OSError for what the network or the handshake does not allow and ValueError for a target that is none.
    """
    import socket
    from ssl import SSLError
    from time import monotonic

    host, port = split(target)
    end = monotonic() + seconds
    with (
        socket.create_connection(_preferred(host, port), seconds) as channel,
        _context().wrap_socket(channel, server_hostname=_name(host), do_handshake_on_connect=False) as stream,
    ):
        try:
            while not _shaken_hands(stream, min(end - monotonic(), _SLICE)):
                if monotonic() >= end or cancelled():
                    raise TimeoutError(f"no handshake within {seconds:g} seconds")
            found = stream.getpeercert(binary_form=True)
        except SSLError:
            found = _shown_before(stream)
            if found is None:
                raise
    if not found:
        raise OSError("the server shows no certificate")
    return found


def _shaken_hands(stream: SSLSocket, seconds: float) -> bool:
    """Go on with the handshake; whether it is done."""
    stream.settimeout(max(seconds, 0.001))
    try:
        stream.do_handshake()
    except TimeoutError:
        return False
    return True


def _shown_before(stream: SSLSocket) -> bytes | None:
    """The certificate that a server has shown before it ended the handshake, as when it wants one of the client.

    Python offers that only from 3.13 on; before, its own layer below does.
    """
    import _ssl

    within = stream if hasattr(stream, "get_unverified_chain") else getattr(stream, "_sslobj", None)
    chain = within.get_unverified_chain() if within is not None and hasattr(within, "get_unverified_chain") else None
    if not chain:
        return None
    return chain[0] if isinstance(chain[0], bytes) else bytes(chain[0].public_bytes(_ssl.ENCODING_DER))


def split(target: str) -> tuple[str, int]:
    """Host and port of a target. Raises ValueError when it has no usable ones."""
    if target.startswith("["):
        host, bracket, port = target[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise ValueError("an address in brackets is to be followed by a colon and a port")
        port = port[1:]
    elif target.count(":") > 1:  # an address of IPv6
        host, port = target, ""
    else:
        host, _, port = target.partition(":")
    if not host or not all(character > " " and character != "\x7f" for character in host):
        raise ValueError("no name or address of a host")
    if port and not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        raise ValueError("no number of a port")
    return host, int(port) if port else _PORT


def _preferred(host: str, port: int) -> tuple[str, int]:
    """The first IPv4 address of a host, as osquery prefers it, else the first of all."""
    import socket

    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    chosen = next((one for one in found if one[0] == socket.AF_INET), found[0])
    return str(chosen[4][0]), port


def _name(host: str) -> str:
    """What the server is asked for by name; an address is no name, and the module ssl sends none then."""
    return host.partition("%")[0]


def _context() -> SSLContext:
    """A context that takes what old servers offer as well: the point is to see their certificates."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context
