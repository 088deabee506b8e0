"""A server that speaks osquery's TLS API over real sockets, as the reference describes it, for the agent's tests."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Request(NamedTuple):
    """A request as it came; ``text`` is its body unpacked."""

    path: str
    headers: dict[str, str]
    text: str
    body: Any
    packed: bool


class Upload(NamedTuple):
    """A carve: the request that announced it, and the blocks that came."""

    begin: dict[str, Any]
    blocks: list[bytes]

    def whole(self) -> bool:
        """Whether all of it is there."""
        return len(self.blocks) == self.begin["block_count"]

    def content(self) -> bytes:
        """The archive."""
        return b"".join(self.blocks)


class Authority:
    """A certificate authority whose files are in a directory."""

    def __init__(self, directory: Path, name: str = "Test authority") -> None:
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self.build(self.name, self.key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        ).sign(self.key, hashes.SHA256())  # fmt: skip
        self.path = directory / f"{name}.pem"
        self.path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def build(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, begins: float = -1, ends: float = 24
    ) -> x509.CertificateBuilder:
        """What all certificates have in common; hours from now."""
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + dt.timedelta(hours=begins))
            .not_valid_after(now + dt.timedelta(hours=ends))
        )

    def issue(self, name: str, *, begins: float = -1, ends: float = 24) -> tuple[Path, Path]:
        """A certificate for a host name or a person, valid for hours from now; the paths of certificate and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if name == "localhost":
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        built = self.build(subject, key, begins, ends).add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = built.sign(self.key, hashes.SHA256())
        paths = self.directory / f"{name}.crt", self.directory / f"{name}.key"
        paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        paths[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return paths


class Fleet:
    """The server. ``answers`` maps a path to replies (status, body, headers) that are given before the usual ones."""

    def __init__(
        self,
        directory: Path,
        *,
        client_authority: Path | None = None,
        host: str = "localhost",
        hours: tuple[float, float] = (-1, 24),
        authority: Authority | None = None,
        shape: Callable[[ssl.SSLContext], None] = lambda context: None,
    ) -> None:
        self.authority = authority or Authority(directory)
        certificate, key = self.authority.issue(host, begins=hours[0], ends=hours[1])
        self.requests: list[Request] = []
        self.connections = 0
        self.arrived = threading.Condition()
        self.answers: dict[str, deque[tuple[int, bytes, dict[str, str]]]] = defaultdict(deque)
        self.secret = "s3cret"
        self.keys: set[str] = set()
        self.config: dict[str, Any] = {}
        self.work: deque[dict[str, Any]] = deque()
        self.holds = False
        self.aware = False
        self.closing = False
        self.talks = True
        """Whether the refusal of a block says which one is expected."""
        self.carves: dict[str, Upload] = {}
        self.losses: Counter[str] = Counter()
        """How many answers to a path are lost: the server does what it is asked and cuts the connection."""
        self.open: set[Any] = set()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if client_authority is not None:
            context.load_verify_locations(client_authority)
            context.verify_mode = ssl.CERT_REQUIRED
        shape(context)
        fleet = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # an answer goes out in two parts, the second of which would wait 40 ms

            def setup(self) -> None:
                self.request.settimeout(30)
                self.request.do_handshake()
                fleet.connections += 1
                fleet.open.add(self.request)
                super().setup()

            def finish(self) -> None:
                fleet.open.discard(self.request)
                with suppress(OSError):
                    super().finish()

            def do_POST(self) -> None:
                fleet.serve(self)

            def do_GET(self) -> None:
                fleet.serve(self)

            def log_message(self, *arguments: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *arguments: object) -> None:
                """Failed handshakes and connections that were cut are part of the tests."""

        self.make = lambda port: Server(("127.0.0.1", port), Handler)
        self.context = context
        self.port = 0
        self.listen()

    def listen(self) -> None:
        """Serve, again on the same port after :meth:`leave`."""
        self.server = self.make(self.port)
        self.port = self.server.server_address[1]
        self.server.socket = self.context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def leave(self) -> None:
        """End as a process does that is killed: nobody listens, and no connection stays."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Read a request, note it, answer it."""
        length = int(handler.headers.get("Content-Length", 0))
        content = handler.rfile.read(length)
        if len(content) < length:  # the agent was killed while it sent
            handler.close_connection = True
            return
        packed = handler.headers.get("Content-Encoding") == "gzip"
        text = (gzip.decompress(content) if packed else content).decode()
        headers = dict(handler.headers.items())
        request = Request(handler.path, headers, text, json.loads(text) if text else {}, packed)
        with self.arrived:
            self.requests.append(request)
            self.arrived.notify_all()
        status, body, more = self.answer(request)
        if self.losses[request.path] > 0:
            self.losses[request.path] -= 1
            handler.close_connection = True
            return
        if "gzip" in headers.get("Accept-Encoding", "") and "Content-Encoding" not in more:
            body, more = gzip.compress(body), {**more, "Content-Encoding": "gzip"}
        with suppress(OSError):
            handler.send_response(status)
            for name, value in more.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

    def answer(self, request: Request) -> tuple[int, bytes, dict[str, str]]:
        """The reply."""
        if self.answers[request.path]:
            return self.answers[request.path].popleft()
        if request.path == "/enroll":
            if request.body["enroll_secret"] != self.secret:
                return 401, b'{"error":"enroll failed","node_invalid":true}', {}
            key = f"nk{len(self.keys) + 1}"
            self.keys.add(key)
            return 200, json.dumps({"node_key": key}).encode(), {}
        if request.path == "/carve/continue":
            return self.take(request)
        if request.body.get("node_key") not in self.keys:
            return 401, b'{"error":"authentication failed","node_invalid":true}', {}
        if request.path == "/config":
            return 200, json.dumps(self.config).encode(), {}
        if request.path == "/read":
            return self.read(request)
        if request.path == "/carve/start":
            session = f"session {len(self.carves) + 1}"
            self.carves[session] = Upload(request.body, [])
            return 200, json.dumps({"session_id": session, "success": True}).encode(), {}
        return 200, b"{}", {}

    def take(self, request: Request) -> tuple[int, bytes, dict[str, str]]:
        """A block of a carve; as Fleet does it, only the next one is taken."""
        body = request.body
        upload = self.carves.get(body["session_id"])
        if upload is None or body["request_id"] != upload.begin["request_id"]:
            return 401, b'{"error":"no such carve"}', {}
        data = base64.b64decode(body["data"], validate=True)
        count = len(upload.blocks)
        if body["block_id"] != count:
            told = f"block_id does not match expected block ({count}): {body['block_id']}"
            answer = {"message": "Bad request", "errors": [{"name": "base", "reason": told if self.talks else "no"}]}
            return 400, json.dumps(answer).encode(), {}
        if count >= upload.begin["block_count"] or len(data) > upload.begin["block_size"]:
            return 400, b'{"message":"Bad request"}', {}
        upload.blocks.append(data)
        return 200, b'{"success":true}', {}

    def read(self, request: Request) -> tuple[int, bytes, dict[str, str]]:
        """Work, waiting for it when the client prefers that and this server holds."""
        prefer = [one.strip() for one in request.headers.get("Prefer", "").split(",")]
        wait = next((int(one[5:]) for one in prefer if one.startswith("wait=")), 0)
        applied = [f"wait={wait}"] if self.holds and wait else []
        end = time.monotonic() + (wait if self.holds else 0)
        while not self.work and not self.closing and time.monotonic() < end:
            time.sleep(0.01)
        if self.aware and "running" in prefer:
            applied.append("running")
        work = self.work.popleft() if self.work else {"queries": {}}
        return 200, json.dumps(work).encode(), {"Preference-Applied": ", ".join(applied)} if applied else {}

    def seen(self, path: str) -> list[Request]:
        """The requests to a path."""
        with self.arrived:
            return [request for request in self.requests if request.path == path]

    def wait(self, path: str, count: int = 1, timeout: float = 10.0) -> list[Request]:
        """The first requests to a path, once there are as many."""
        end = time.monotonic() + timeout
        with self.arrived:
            while True:
                found = [request for request in self.requests if request.path == path]
                if len(found) >= count:
                    return found[:count]
                left = end - time.monotonic()
                assert left > 0, f"{len(found)} of {count} requests to {path}: {[r.path for r in self.requests]}"
                self.arrived.wait(left)

    def data(self, kind: str) -> list[dict[str, Any]]:
        """All lines of a type that came to /log."""
        return [
            line for request in self.seen("/log") if request.body["log_type"] == kind for line in request.body["data"]
        ]

    def flags(self, directory: Path) -> list[str]:
        """The command line of an agent that belongs to this server."""
        secret = directory / "secret"
        secret.write_text(f"  {self.secret}\n")
        secret.chmod(0o600)
        return [
            f"--tls_hostname=localhost:{self.port}",
            f"--tls_server_certs={self.authority.path}",
            f"--enroll_secret_path={secret}",
            "--enroll_tls_endpoint=/enroll",
            "--config_plugin=tls",
            "--config_tls_endpoint=/config",
            "--logger_plugin=tls",
            "--logger_tls_endpoint=/log",
            "--logger_tls_period=1",
            "--distributed_plugin=tls",
            "--distributed_interval=1",
            "--distributed_tls_read_endpoint=/read",
            "--distributed_tls_write_endpoint=/write",
            "--disable_distributed=false",
        ]

    def close(self) -> None:
        """Stop serving."""
        self.closing = True
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
