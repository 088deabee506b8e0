"""Asking web services for small documents; tests/tables/cloud has what metadata services do with it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from time import monotonic

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from leadline.linux import metadata


class Echo(BaseHTTPRequestHandler):
    """Answers what it was asked."""

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{self.command} {self.path} {self.headers['Host']} {self.headers['X-A']} ".encode() + body)

    do_GET = do_PUT = do_POST = answer  # noqa: N815 (the names that http.server asks for)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that does not trust us hangs up."""


def serving(server: HTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a server on loopback."""
    yield from serving(Server(("127.0.0.1", 0), Echo))


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """The port of a server on loopback that speaks TLS, and the file with its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "metadata test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = Server(("127.0.0.1", 0), Echo)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    for number in serving(server):
        yield number, str(file)


def test_a_request_is_written_as_it_should_be(port: int) -> None:
    reply = metadata.ask(f"http://127.0.0.1:{port}", "/a?b=c", {"X-A": "d"})
    assert (reply.status, reply.body) == (200, f"GET /a?b=c 127.0.0.1:{port} d ".encode())
    reply = metadata.ask(f"http://user@127.0.0.1:{port}/proxy/", "/a", {}, method="PUT")
    assert reply.body == f"PUT /proxy/a 127.0.0.1:{port} None ".encode()
    reply = metadata.ask(f"http://127.0.0.1:{port}", "/", {"X-A": "d"}, method="POST", body=b"form")
    assert reply.body == f"POST / 127.0.0.1:{port} d form".encode()


def test_a_service_over_tls_has_to_prove_who_it_is(secure: tuple[int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    port, file = secure
    with pytest.raises(ssl.SSLCertVerificationError):
        metadata.ask(f"https://127.0.0.1:{port}", "/", {})
    monkeypatch.setenv("SSL_CERT_FILE", file)
    assert metadata.ask(f"https://127.0.0.1:{port}", "/", {}).body.startswith(b"GET / 127.0.0.1:")
    with pytest.raises(metadata.UnconnectedError), suppress(ssl.SSLCertVerificationError):
        metadata.ask(f"https://nowhere.invalid:{port}", "/", {})


class Proxy:
    """Opens the way to wherever it is asked to, or says ``answer`` instead."""

    def __init__(self, answer: bytes = b"") -> None:
        self.answer = answer
        self.asked = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        with self.listener, self.listener.accept()[0] as client:
            self.asked = client.recv(1000)
            if self.answer:
                client.sendall(self.answer)
                return
            host, _, port = self.asked.split()[1].decode().rpartition(":")
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
                pairs = {client: server, server: client}
                while True:
                    for one in select.select(list(pairs), [], [], 5)[0]:
                        data = one.recv(65536)
                        if not data:
                            return
                        pairs[one].sendall(data)


def test_a_proxy_opens_the_way_to_a_service_over_tls(
    secure: tuple[int, str], port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", secure[1])
    proxy = Proxy()
    reply = metadata.ask(f"https://127.0.0.1:{secure[0]}", "/a", {}, proxy=f"127.0.0.1:{proxy.port}", connect=2)
    proxy.thread.join()
    assert reply.body.startswith(b"GET /a ")
    assert proxy.asked.startswith(f"CONNECT 127.0.0.1:{secure[0]} HTTP/1.1\r\n".encode())
    # a plain service may be one that no proxy may see
    assert metadata.ask(f"http://127.0.0.1:{port}", "/a", {}, proxy="127.0.0.1:1").status == 200


@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", b"x" * 20_000])
def test_a_proxy_that_refuses_is_noticed(answer: bytes) -> None:
    proxy = Proxy(answer)
    with pytest.raises((metadata.UnconnectedError, ConnectionResetError)):
        metadata.ask("https://127.0.0.1:1", "/", {}, proxy=f"http://127.0.0.1:{proxy.port}", connect=2)
    proxy.thread.join()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "127.0.0.1",
        "ftp://127.0.0.1",
        "http://",
        "http://[::1",
        "http://a b",
        "http://x:99999",
        "http://x/ü",
        "http://x:y",
    ],
)
def test_what_is_no_address_is_an_error(address: str) -> None:
    with pytest.raises(metadata.AddressError):
        metadata.ask(address, "/", {})


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "x" * 80, "127.0.0.1"])
def test_a_host_that_is_not_there_is_noticed(host: str) -> None:
    start = monotonic()
    with pytest.raises(metadata.UnconnectedError):
        metadata.ask(f"http://{host}:1", "/", {})
    assert monotonic() - start < 10
