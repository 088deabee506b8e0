"""HTTPS requests to the one server that ``tls_hostname`` names, over a connection that stays open.

http.client rather than urllib3: half the CPU of a request, some MiB less, and the connection is ours, so that every
failure can name its step and a request can be cut short from another thread.
"""

from __future__ import annotations

import http.client
import logging
import os
import select
import socket
import ssl
import zlib
from collections.abc import Mapping
from time import monotonic
from typing import NamedTuple
from urllib.parse import urlsplit

from leadline import OSQUERY_VERSION
from leadline.flags import Flags
from leadline.plugins.errors import UnreachableError, UnusableError

log = logging.getLogger(__name__)

TIMEOUT = 16.0
REDIRECTS = 10
MAX_ANSWER = 64 << 20
PROXY_PORT = 3128


class Reply(NamedTuple):
    """An answer, its body unpacked. Header names are in lower case."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


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
    """A connection that is opened when it is needed. For one thread, except :meth:`cancel`.

    Without an ``other`` server it goes to the one that ``tls_hostname`` names.
    """

    def __init__(self, flags: Flags, other: Server | None = None) -> None:
        self.flags = flags
        self.secure = other is None or other.secure
        self.authorities = "tls_server_certs" if other is None else other.authorities
        self.client = ("tls_client_cert", "tls_client_key") if other is None else other.client
        self.context: ssl.SSLContext | None = None
        self.connection: http.client.HTTPConnection | None = None
        self.socket: socket.socket | None = None
        self.peer = ("", 0)
        self.opened = 0.0
        self.cancelled = False

    def post(self, path: str, body: bytes, headers: Mapping[str, str], timeout: float = TIMEOUT) -> Reply:
        """Send a JSON body to a path of the server and follow redirects, of which only https ones are allowed.

        Raises UnreachableError, and UnusableError when the certificates that the flags name cannot be read.
        """
        host, port = self.server()
        if not host:
            raise UnusableError("Cannot send a request: no server is set (--tls_hostname)")
        for _ in range(REDIRECTS + 1):
            reply = self.exchange(host, port, path, body, headers, timeout)
            target = reply.headers.get("location")
            if reply.status not in (301, 302, 303, 307, 308) or not target:
                return reply
            address = urlsplit(target)
            if address.scheme not in ("", "https"):
                raise UnreachableError("answer", f"{host}:{port} redirects to {target}, which is not https")
            host, port = address.hostname or host, address.port or (443 if address.hostname else port)
            path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        raise UnreachableError("answer", f"{host}:{port} redirects more than {REDIRECTS} times")

    def server(self) -> tuple[str, int]:
        """Host and port of ``tls_hostname``; an IPv6 address with a port stands in brackets."""
        return host_port(self.flags.text("tls_hostname"), 443)

    def exchange(
        self, host: str, port: int, path: str, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> Reply:
        """One request and its answer. A connection that the server closed while it was idle is replaced."""
        reused = self.usable(host, port)
        while True:
            if not reused:
                self.open(host, port)
            connection = self.connection
            assert connection is not None
            connection.sock.settimeout(timeout)
            try:
                self.send(connection, path, body, headers)
                return self.receive(connection, host, port)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
                self.close()
                if reused and not self.cancelled:
                    reused = False
                    continue
                raise UnreachableError("answer", f"{host}:{port} closed the connection without an answer") from error
            except TimeoutError as error:
                self.close()
                raise UnreachableError("answer", f"No answer from {host}:{port} within {timeout:g} s") from error
            except (OSError, http.client.HTTPException, zlib.error) as error:
                self.close()
                raise UnreachableError("answer", f"The answer of {host}:{port} broke off: {error}") from error
            except BaseException:
                self.close()
                raise

    def usable(self, host: str, port: int) -> bool:
        """Whether the open connection can take another request to this server."""
        if self.connection is None or self.connection.sock is None:
            return False
        old = monotonic() - self.opened > self.flags.real("tls_session_timeout")
        if self.peer != (host, port) or old or not self.flags.on("tls_session_reuse") or readable(self.connection.sock):
            self.close()
            return False
        return True

    def send(self, connection: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Write the request."""
        connection.putrequest("POST", path, skip_accept_encoding=True)
        if "Content-Type" not in headers:
            connection.putheader("Content-Type", "application/json")
        connection.putheader("Accept", "application/json")
        connection.putheader("User-Agent", f"osquery/{OSQUERY_VERSION}")
        if self.flags.on("tls_accept_gzip"):
            connection.putheader("Accept-Encoding", "gzip")
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        if self.flags.on("tls_dump"):
            log.debug("POST %s: %s", path, body.decode("utf-8", "replace"))

    def receive(self, connection: http.client.HTTPConnection, host: str, port: int) -> Reply:
        """Read the answer."""
        response = connection.getresponse()
        body = response.read(MAX_ANSWER + 1)
        headers = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close or len(body) > MAX_ANSWER:
            self.close()
        if headers.get("content-encoding", "").lower() == "gzip":
            unpacker = zlib.decompressobj(wbits=31)
            body = unpacker.decompress(body, MAX_ANSWER + 1)
        if len(body) > MAX_ANSWER:
            raise UnreachableError("answer", f"The answer of {host}:{port} is larger than {MAX_ANSWER} bytes")
        if self.flags.on("tls_dump"):
            log.debug("%s %s: %s", response.status, response.reason, body.decode("utf-8", "replace"))
        return Reply(response.status, response.reason, headers, body)

    def open(self, host: str, port: int) -> None:
        """Connect, through the proxy if there is one, and shake hands."""
        self.close()
        if self.secure and self.context is None:
            self.context = trust(self.flags, self.authorities, self.client)
        plain = self.dial(host, port)
        if self.context is None:
            self.use(plain, host, port)
            return
        try:
            plain.settimeout(TIMEOUT)
            secure = self.context.wrap_socket(plain, server_hostname=host)
        except (OSError, ValueError) as error:
            plain.close()
            self.socket = None
            context, self.context = self.context, None  # the files may be mended before the next try
            raise UnreachableError("tls", self.explain(host, port, error, context)) from error
        self.use(secure, host, port)

    def use(self, connected: socket.socket, host: str, port: int) -> None:
        """Make this socket the connection."""
        self.socket = connected
        self.connection = http.client.HTTPConnection(host, port)
        self.connection.sock = connected
        self.peer = (host, port)
        self.opened = monotonic()

    def dial(self, host: str, port: int) -> socket.socket:
        """A TCP connection to the server, tunnelled by CONNECT when ``proxy_hostname`` is set."""
        proxy = self.flags.text("proxy_hostname")
        if not proxy:
            return self.reach(host, port, "")
        name, number = host_port(proxy.removeprefix("http://").rstrip("/"), PROXY_PORT)
        connected = self.reach(name, number, "the proxy ")
        try:
            authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            connected.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
            status = read_tunnel_answer(connected)
        except OSError as error:
            connected.close()
            raise UnreachableError("proxy", f"The proxy {name}:{number} does not open a tunnel: {error}") from error
        if " 200" not in status[:13]:
            connected.close()
            raise UnreachableError("proxy", f"The proxy {name}:{number} refuses a tunnel to {host}:{port}: {status}")
        return connected

    def reach(self, host: str, port: int, what: str) -> socket.socket:
        """Connect to the first address of a name that answers."""
        try:
            addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UnreachableError("resolve", f"Cannot resolve {what}{host}: {reason}") from error
        failure = UnreachableError("connect", f"{what}{host} has no address")
        for family, type, protocol, _, address in addresses:
            tried = socket.socket(family, type, protocol)
            tried.settimeout(TIMEOUT)
            self.socket = tried
            try:
                if self.cancelled:
                    raise OSError("the program ends")
                tried.connect(address)
                tried.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return tried
            except OSError as error:
                tried.close()
                reason = error.strerror or str(error)
                failure = UnreachableError("connect", f"Cannot connect to {what}{host}:{port} ({address[0]}): {reason}")
        self.socket = None
        raise failure

    def explain(self, host: str, port: int, error: Exception, context: ssl.SSLContext) -> str:
        """The sentence for a failed handshake, with the certificate that the server showed."""
        if not isinstance(error, ssl.SSLCertVerificationError):
            reason = getattr(error, "reason", None) or error
            return f"The TLS handshake with {host}:{port} failed: {reason}"
        shown = "" if self.cancelled else self.shown(host, port)
        trusted = self.flags.text(self.authorities) if context.cert_store_stats()["x509_ca"] else "nothing"
        return (
            f"The certificate of {host}:{port} is not accepted: {error.verify_message}{shown}; "
            f"trusted is what is in {trusted} (--{self.authorities})"
        )

    def shown(self, host: str, port: int) -> str:
        """Subject and issuer of the certificate that the server shows, for people who look for a mistake."""
        unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        unchecked.check_hostname = False
        unchecked.verify_mode = ssl.CERT_NONE
        try:
            with unchecked.wrap_socket(self.dial(host, port), server_hostname=host) as secure:
                der = secure.getpeercert(binary_form=True)
            from cryptography import x509

            certificate = x509.load_der_x509_certificate(der or b"")
        except (OSError, ValueError, UnreachableError):
            return ""
        subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
        return f"; it is for '{subject}' and was issued by '{issuer}'"

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
        self.connection = self.socket = None


def trust(
    flags: Flags,
    authorities: str = "tls_server_certs",
    client: tuple[str, str] = ("tls_client_cert", "tls_client_key"),
) -> ssl.SSLContext:
    """What the server's certificate is checked against, and our own certificate, from the flags of these names.

    Raises UnusableError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    path = flags.text(authorities)
    try:
        if path and os.path.isdir(path):
            context.load_verify_locations(capath=path)
        elif path and (os.path.exists(path) or flags.origin(authorities) != "default"):
            context.load_verify_locations(cafile=path)
        else:
            context.load_default_certs()
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or error
        raise UnusableError(f"Cannot read the server certificates in {path} (--{authorities}): {reason}") from error
    certificate, key = (flags.text(name) for name in client)
    if certificate:
        try:
            context.load_cert_chain(certificate, key or None)
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror or error
            raise UnusableError(f"Cannot read the client certificate {certificate} and its key: {reason}") from error
    return context


def host_port(text: str, default: int) -> tuple[str, int]:
    """``host``, ``host:port``, ``[address]`` or ``[address]:port``."""
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdigit() or (":" in host and not host.startswith("[")):
        host, port = text, str(default)
    return host.strip("[]"), int(port)


def readable(connected: socket.socket) -> bool:
    """Whether an idle connection has something to read, which can only be its end."""
    poll = select.poll()
    poll.register(connected, select.POLLIN)
    return bool(poll.poll(0))


def read_tunnel_answer(connected: socket.socket) -> str:
    """The status line of a proxy's answer to CONNECT, which is read up to its empty line and not beyond."""
    answer = b""
    while b"\r\n\r\n" not in answer and len(answer) < 16_384:
        piece = connected.recv(1)
        if not piece:
            break
        answer += piece
    return answer.partition(b"\r\n")[0].decode("latin-1") or "no answer"
