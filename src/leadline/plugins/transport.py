"""HTTPS requests to the one server that ``tls_hostname`` names, over a connection that stays open.

http.client rather than urllib3: half the CPU of a request, some MiB less, and the connection is ours, so that every
failure can name its step and a request can be cut short from another thread.
"""

from __future__ import annotations

import http.client
import select
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from leadline import OSQUERY_VERSION
from leadline.flags import Flags
from leadline.plugins import dumping
from leadline.plugins.dial import TIMEOUT, dial, host_port
from leadline.plugins.errors import UnreachableError, UnusableError
from leadline.plugins.paced import Paced
from leadline.plugins.trust import failed_handshake, refused_certificate, trust, trusted_in
from leadline.plugins.unpacked import CODINGS, UnpackError, unpacked

__all__ = ["MAX_ANSWER", "TIMEOUT", "Parts", "Reply", "Server", "Transport", "host_port"]

REDIRECTS = 10
MAX_ANSWER = 16 << 20
WHOLE = 600.0
"""Seconds for a body to be sent or to arrive, as long as none of them passes without progress for TIMEOUT."""


class Reply(NamedTuple):
    """An answer, its body unpacked. Header names are in lower case."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


class Parts(NamedTuple):
    """A body that is not in memory as a whole: its size in bytes, and what makes its pieces, anew for each try."""

    size: int
    pieces: Callable[[], Iterable[bytes]]


class Server(NamedTuple):
    """A server other than the one of ``tls_hostname``, reached with TLS when it is ``secure``.

    ``authorities`` and ``client`` name the flags with what its certificate is checked against, and our own
    certificate and key.
    """

    host: str
    port: int
    secure: bool
    authorities: str = "tls_server_certs"
    client: tuple[str, str] = ("tls_client_cert", "tls_client_key")


class Transport:
    """A connection that is opened when it is needed. For one thread at a time, except :meth:`cancel`.

    Without an ``other`` server it goes to the one that ``tls_hostname`` names.
    """

    def __init__(self, flags: Flags, other: Server | None = None) -> None:
        self.flags = flags
        self.secure = other is None or other.secure
        self.authorities = "tls_server_certs" if other is None else other.authorities
        self.client = ("tls_client_cert", "tls_client_key") if other is None else other.client
        self.context: ssl.SSLContext | None = None
        self.connection: http.client.HTTPConnection | None = None
        self.paced: Paced | None = None
        self.socket: socket.socket | None = None
        self.peer = ("", 0)
        self.opened = 0.0
        self.cancelled = False

    def post(self, path: str, body: bytes | Parts, headers: Mapping[str, str], timeout: float = TIMEOUT) -> Reply:
        """Send a JSON body to a path of the server; see :meth:`request`."""
        return self.request("POST", path, body, headers, timeout)

    def request(
        self, method: str, path: str, body: bytes | Parts, headers: Mapping[str, str], timeout: float = TIMEOUT
    ) -> Reply:
        """Send a request to a path of the server and follow redirects within the same host, over https.

        Not to another host: what we send holds the key of this machine or the secret of all. ``timeout`` is how many
        seconds the server may take until it begins to answer. Raises UnreachableError, and UnusableError when the
        certificates that the flags name cannot be read.
        """
        host, port = self.server()
        for _ in range(REDIRECTS + 1):
            reply = self.exchange(host, port, path, body, headers, timeout, method)
            target = reply.headers.get("location")
            if reply.status not in (301, 302, 303, 307, 308) or not target:
                return reply
            port, path = redirected(host, port, path, target)
        raise UnreachableError("answer", f"{host}:{port} redirects more than {REDIRECTS} times")

    def server(self) -> tuple[str, int]:
        """Host and port of ``tls_hostname``; an IPv6 address with a port stands in brackets. Raises UnusableError."""
        text = self.flags.text("tls_hostname")
        if not text:
            raise UnusableError("Cannot send a request: no server is set (--tls_hostname)")
        try:
            host, port = host_port(text, 443)
        except ValueError as error:
            raise UnusableError(f"The port of the server is none: {text} (--tls_hostname)") from error
        if not host or "/" in host or "@" in host:
            raise UnusableError(f"The server is to be given as host or host:port: {text} (--tls_hostname)")
        return host, port

    def exchange(
        self,
        host: str,
        port: int,
        path: str,
        body: bytes | Parts,
        headers: Mapping[str, str],
        timeout: float,
        method: str = "POST",
    ) -> Reply:
        """One request and its answer. A connection that the server closed while it was idle is replaced."""
        reused = self.usable(host, port)
        while True:
            if not reused:
                self.open(host, port)
            try:
                return self.converse(method, path, body, headers, timeout)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
                self.close()
                if reused and not self.cancelled:
                    reused = False
                    continue
                raise UnreachableError("answer", f"{host}:{port} closed the connection without an answer") from error
            except (OSError, ValueError, http.client.HTTPException) as error:
                self.close()
                raise self.broken(f"{host}:{port}", error, timeout) from error
            except BaseException:
                self.close()
                raise

    def broken(self, server: str, error: Exception, timeout: float) -> UnreachableError:
        """What to raise when an exchange breaks off."""
        if isinstance(error, TimeoutError):
            return UnreachableError("answer", f"No answer from {server} within {timeout:g} s")
        if isinstance(error, ssl.SSLError) and "ALERT" in str(error.reason):
            # In TLS 1.3 a server tells only after the client's handshake that it does not like its certificate.
            return UnreachableError("tls", failed_handshake(server, error) + self.shown_client())
        return UnreachableError("answer", f"The answer of {server} broke off: {error}")

    def converse(
        self, method: str, path: str, body: bytes | Parts, headers: Mapping[str, str], timeout: float
    ) -> Reply:
        """Write the request and read the answer."""
        connection, paced = self.connection, self.paced
        assert connection is not None
        assert paced is not None
        paced.allow(TIMEOUT, WHOLE)
        try:
            self.send(connection, method, path, body, headers)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            # A server that does not want all of a large body answers and closes, and one that does not like our
            # certificate says so after the handshake and closes; what it said tells more.
            try:
                paced.allow(1.0, 1.0)
                reply = self.receive(connection)
            except TimeoutError as error:
                raise BrokenPipeError from error
            self.close()
            return reply
        paced.allow(timeout, timeout)
        return self.receive(connection)

    def usable(self, host: str, port: int) -> bool:
        """Whether the open connection can take another request to this server."""
        if self.connection is None or self.connection.sock is None or self.socket is None:
            return False
        longest = self.flags.real("tls_session_timeout")
        old = 0 < longest < monotonic() - self.opened
        if self.peer != (host, port) or old or not self.flags.on("tls_session_reuse") or readable(self.socket):
            self.close()
            return False
        return True

    def send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | Parts,
        headers: Mapping[str, str],
    ) -> None:
        """Write the request."""
        connection.putrequest(method, path, skip_accept_encoding=True)
        if "Content-Type" not in headers:
            connection.putheader("Content-Type", "application/json")
        connection.putheader("Accept", "application/json")
        connection.putheader("User-Agent", f"osquery/{OSQUERY_VERSION}")
        if self.flags.on("tls_accept_gzip"):
            connection.putheader("Accept-Encoding", CODINGS)
        for name, value in headers.items():
            connection.putheader(name, value)
        if method != "GET":
            connection.putheader("Content-Length", str(len(body) if isinstance(body, bytes) else body.size))
        dumping.request(self.flags, method, path, body, headers)
        if isinstance(body, bytes):
            connection.endheaders(body if method != "GET" else None)
            return
        connection.endheaders()
        for piece in body.pieces():
            connection.send(piece)

    def receive(self, connection: http.client.HTTPConnection) -> Reply:
        """Read the answer."""
        response = connection.getresponse()
        assert self.paced is not None
        self.paced.allow(TIMEOUT, WHOLE)
        body = response.read(MAX_ANSWER + 1)
        headers = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close or len(body) > MAX_ANSWER:
            self.close()
        if len(body) <= MAX_ANSWER:
            body = unpacked(body, headers.get("content-encoding", ""), MAX_ANSWER)
        if len(body) > MAX_ANSWER:
            raise UnpackError(f"it is larger than {MAX_ANSWER >> 20} MiB")
        reply = Reply(response.status, response.reason, headers, body)
        dumping.reply(self.flags, reply.status, reply.reason, body)
        return reply

    def open(self, host: str, port: int) -> None:
        """Connect, through the proxy if there is one, and shake hands."""
        self.close()
        if self.secure:
            self.context = trust(self.flags, self.authorities, self.client)
        plain = dial(self.flags, host, port, self.hold)
        self.use(plain if self.context is None else self.shake_hands(self.context, plain, host, port), host, port)

    def shake_hands(self, context: ssl.SSLContext, plain: socket.socket, host: str, port: int) -> ssl.SSLSocket:
        """TLS over a connection. Raises UnreachableError."""
        server = f"{host}:{port}"
        try:
            plain.settimeout(TIMEOUT)
            stream = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
        except (OSError, ValueError) as error:  # a name that cannot be one
            plain.close()
            raise UnreachableError("tls", failed_handshake(server, error)) from error
        try:
            self.hold(stream)
            stream.do_handshake()
        except ssl.SSLCertVerificationError as error:
            trusted = trusted_in(context, self.flags, self.authorities)
            sentence = refused_certificate(server, error, stream, trusted)
            stream.close()
            raise UnreachableError("tls", sentence) from error
        except (OSError, ValueError) as error:
            stream.close()
            raise UnreachableError("tls", failed_handshake(server, error) + self.shown_client()) from error
        return stream

    def shown_client(self) -> str:
        """Which certificate of ours a server was shown, for messages."""
        path = self.flags.text(self.client[0])
        return f"; our client certificate is {path or 'none'} (--{self.client[0]})"

    def hold(self, current: socket.socket) -> None:
        """Make a socket the one that :meth:`cancel` ends."""
        self.socket = current
        if self.cancelled:
            raise OSError("the program ends")

    def use(self, connected: socket.socket, host: str, port: int) -> None:
        """Make this socket the connection."""
        self.socket = connected
        self.paced = Paced(connected)
        self.connection = http.client.HTTPConnection(host, port)
        self.connection.default_port = 443 if self.secure else 80
        self.connection.auto_open = 0
        self.connection.sock = self.paced
        self.peer = (host, port)
        self.opened = monotonic()

    def cancel(self) -> None:
        """End the request that another thread is in, and every later one."""
        self.cancelled = True
        current = self.socket
        if current is not None:
            try:
                current.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self.connection is not None:
            self.connection.close()
        self.connection = self.socket = self.paced = None


def redirected(host: str, port: int, path: str, target: str) -> tuple[int, str]:
    """Port and path of a redirect. Raises UnreachableError when it leads away from https or to another host."""
    server = f"{host}:{port}"
    base = f"https://[{host}]:{port}{path}" if ":" in host else f"https://{server}{path}"
    try:
        address = urlsplit(urljoin(base, target))
        new_host, new_port = address.hostname or "", address.port or 443
    except ValueError as error:
        raise UnreachableError("answer", f"{server} redirects to {target[:200]!r}, which is no address") from error
    if address.scheme != "https":
        raise UnreachableError("answer", f"{server} redirects to {target[:200]}, which is not https")
    if new_host.lower() != host.lower():
        raise UnreachableError(
            "answer",
            f"{server} redirects to another host, {new_host[:200]}, which is not sent what is meant for {host}:"
            f" if it is the server, set --tls_hostname={new_host[:200]}",
        )
    return new_port, (address.path or "/") + (f"?{address.query}" if address.query else "")


def readable(connected: socket.socket) -> bool:
    """Whether an idle connection has something to read, which can only be its end."""
    poll = select.poll()
    poll.register(connected, select.POLLIN)
    return bool(poll.poll(0))
