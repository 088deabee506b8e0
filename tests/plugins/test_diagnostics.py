"""Each step of a connection that fails says which one it was and why: against servers that really fail like that."""

from __future__ import annotations

import importlib.util
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from leadline.plugins import dial
from leadline.plugins import transport as transport_module
from leadline.plugins.errors import PluginError, UnreachableError, UnusableError
from leadline.plugins.session import Session

Failing = Callable[..., PluginError]


def load_proxy() -> Any:
    spec = importlib.util.spec_from_file_location("plugin_tests_proxy", Path(__file__).with_name("proxy.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.Proxy


Proxy = load_proxy()


@pytest.fixture
def session(surroundings: Any) -> Iterator[Session]:
    made = Session(surroundings)
    yield made
    made.transport.close()


def ask(session: Session) -> dict[str, Any]:
    session.transport.close()
    return session.call("/config", lambda key: f'{{"node_key":"{key}"}}')[0]


def failure(session: Session) -> UnreachableError:
    with pytest.raises(UnreachableError) as caught:
        ask(session)
    return caught.value


@pytest.fixture
def serve(fleet_module: Any, surroundings: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts a server and makes it the one that is asked."""
    started = []

    def start(**options: Any) -> Any:
        server = fleet_module.Fleet(tmp_path, **options)
        server.keys.add("nk1")
        surroundings.set(tls_hostname=f"localhost:{server.port}", tls_server_certs=server.authority.path)
        started.append(server)
        return server

    yield start
    for one in started:
        one.close()


def test_a_certificate_that_has_expired(serve: Any, session: Session) -> None:
    server = serve(hours=(-48, -1))
    error = failure(session)
    assert error.step == "tls"
    assert re.fullmatch(
        rf"The certificate of localhost:{server.port} is not accepted: certificate has expired, by this machine's clock"
        r" \(\d{4}-\d\d-\d\d \d\d:\d\d UTC\); it is for 'CN=localhost' and was issued by 'CN=Test authority', names"
        r" localhost, 127\.0\.0\.1, and is valid from \w{3} [\d :]+ GMT to \w{3} [\d :]+ GMT;"
        rf" trusted is what is in {re.escape(str(server.authority.path))} \(--tls_server_certs\)",
        str(error),
    )


def test_a_certificate_that_is_not_valid_yet(serve: Any, session: Session) -> None:
    serve(hours=(10, 24))
    assert "certificate is not yet valid, by this machine's clock" in str(failure(session))


def test_a_certificate_for_other_names(serve: Any, session: Session) -> None:
    serve(host="other.example")
    text = str(failure(session))
    assert "Hostname mismatch, certificate is not valid for 'localhost'" in text
    assert "names other.example, and is valid" in text


def test_a_certificate_of_an_unknown_issuer(
    serve: Any, session: Session, surroundings: Any, fleet_module: Any, tmp_path: Path
) -> None:
    serve()
    stranger = fleet_module.Authority(tmp_path, "Stranger")
    surroundings.set(tls_server_certs=stranger.path)
    text = str(failure(session))
    assert "unable to get local issuer certificate" in text
    assert "was issued by 'CN=Test authority', which the server did not send along, names" in text
    assert text.endswith(f"trusted is what is in {stranger.path} (--tls_server_certs)")


def test_a_certificate_that_the_systems_authorities_do_not_know(
    serve: Any, session: Session, surroundings: Any
) -> None:
    serve()
    surroundings.set(tls_server_certs="")
    assert "the system's (--tls_server_certs)" in str(failure(session))


def test_names_in_a_certificate_cannot_write_log_lines(
    serve: Any, session: Session, surroundings: Any, fleet_module: Any, tmp_path: Path
) -> None:
    serve(authority=fleet_module.Authority(tmp_path, "Evil\nI1124 forged"))
    surroundings.set(tls_server_certs=fleet_module.Authority(tmp_path, "Stranger").path)
    assert "issued by 'CN=Evil?I1124 forged'" in str(failure(session))


def test_the_certificate_of_the_server_itself_can_be_all_that_is_trusted(
    serve: Any, session: Session, surroundings: Any, tmp_path: Path
) -> None:
    serve()
    surroundings.set(tls_server_certs=tmp_path / "localhost.crt")
    assert ask(session) == {}


def test_a_directory_of_hashed_certificates_is_trusted(
    serve: Any, session: Session, surroundings: Any, tmp_path: Path
) -> None:
    server = serve()
    directory = tmp_path / "certs"
    directory.mkdir()
    surroundings.set(tls_server_certs=directory)
    assert f"trusted is what is in {directory} (--tls_server_certs)" in str(failure(session))
    openssl = shutil.which("openssl")
    assert openssl is not None
    hashed = subprocess.run(
        [openssl, "x509", "-noout", "-hash", "-in", server.authority.path], capture_output=True, text=True, check=True
    ).stdout.strip()
    (directory / f"{hashed}.0").write_bytes(server.authority.path.read_bytes())
    session.transport.context = None
    assert ask(session) == {}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "No such file or directory"),
        ("", "it holds no certificate in PEM format"),
        ("not a certificate", "it holds no certificate in PEM format"),
    ],
)
def test_a_file_without_certificates(
    serve: Any, session: Session, surroundings: Any, tmp_path: Path, content: str | None, sentence: str
) -> None:
    serve()
    path = tmp_path / "trusted.pem"
    if content is not None:
        path.write_text(content)
    surroundings.set(tls_server_certs=path)
    with pytest.raises(UnusableError) as caught:
        ask(session)
    assert str(caught.value) == f"Cannot read the server certificates in {path} (--tls_server_certs): {sentence}"


def test_a_server_without_tls(session: Session, surroundings: Any) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def speak() -> None:
            connection, _ = listening.accept()
            with closing(connection):
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=speak)
        thread.start()
        surroundings.set(tls_hostname=f"127.0.0.1:{listening.getsockname()[1]}", tls_server_certs="")
        error = failure(session)
        thread.join()
    assert error.step == "tls"
    assert "what answers there does not speak TLS" in str(error)


def test_a_server_that_hangs_up_or_says_nothing(
    session: Session, surroundings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport_module, "TIMEOUT", 0.5)
    ended = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def speak() -> None:
            listening.accept()[0].close()
            connection, _ = listening.accept()
            ended.wait(10)
            connection.close()

        thread = threading.Thread(target=speak)
        thread.start()
        surroundings.set(tls_hostname=f"127.0.0.1:{listening.getsockname()[1]}", tls_server_certs="")
        first = failure(session)
        began = time.monotonic()
        second = failure(session)
        assert time.monotonic() - began < 3
        ended.set()
        thread.join()
    assert (first.step, second.step) == ("tls", "tls")
    assert re.search("ended the connection|reset by peer", str(first))
    assert "it takes too long" in str(second)


def test_a_server_that_offers_old_versions_only(serve: Any, session: Session) -> None:
    def old(context: ssl.SSLContext) -> None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1

    serve(shape=old)
    error = failure(session)
    assert error.step == "tls"
    assert "the server offers no version of TLS from 1.2 on" in str(error)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_a_client_certificate(
    serve: Any, session: Session, surroundings: Any, fleet_module: Any, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    def exactly(context: ssl.SSLContext) -> None:
        context.minimum_version = context.maximum_version = version

    people = fleet_module.Authority(tmp_path, "People")
    serve(client_authority=people.path, shape=exactly)
    error = failure(session)
    assert error.step == "tls"
    assert "wants a client certificate" in str(error)
    assert "our client certificate is none (--tls_client_cert)" in str(error)
    wrong, wrong_key = fleet_module.Authority(tmp_path, "Others").issue("stranger")
    surroundings.set(tls_client_cert=wrong, tls_client_key=wrong_key)
    error = failure(session)
    assert error.step == "tls"
    assert "does not know who issued our client certificate" in str(error)
    assert f"our client certificate is {wrong} (--tls_client_cert)" in str(error)
    right, key = people.issue("agent")
    surroundings.set(tls_client_cert=right, tls_client_key=key)
    assert ask(session) == {}


def test_a_client_certificate_that_cannot_be_used(
    serve: Any, session: Session, surroundings: Any, fleet_module: Any, tmp_path: Path
) -> None:
    serve()
    people = fleet_module.Authority(tmp_path, "People")
    certificate, key = people.issue("agent")
    _, other = people.issue("other")

    def trouble(**flags: object) -> str:
        surroundings.set(**flags)
        with pytest.raises(UnusableError) as caught:
            ask(session)
        return str(caught.value)

    text = trouble(tls_client_cert=certificate, tls_client_key=tmp_path / "absent.key")
    assert text.endswith(f"(--tls_client_cert, --tls_client_key): {tmp_path / 'absent.key'}: No such file or directory")
    assert trouble(tls_client_key=other).endswith("the key is that of another certificate")
    openssl = shutil.which("openssl")
    assert openssl is not None
    locked = tmp_path / "locked.key"
    subprocess.run(
        [openssl, "pkey", "-in", key, "-aes256", "-passout", "pass:x1y2z3", "-out", locked],
        capture_output=True, check=True,
    )  # fmt: skip
    assert trouble(tls_client_key=locked).endswith("protected by a password, which the agent cannot be given")


def test_a_name_without_an_address_and_a_port_without_a_server(session: Session, surroundings: Any) -> None:
    surroundings.set(tls_hostname="name.invalid")
    error = failure(session)
    assert error.step == "resolve"
    assert str(error).startswith("Cannot resolve name.invalid: ")
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        surroundings.set(tls_hostname=f"127.0.0.1:{port}")
        error = failure(session)
    assert (error.step, str(error)) == (
        "connect", f"Cannot connect to 127.0.0.1:{port} (127.0.0.1): Connection refused",
    )  # fmt: skip


def test_an_address_that_swallows_everything_is_given_up(
    session: Session, surroundings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dial, "TIMEOUT", 0.3)
    monkeypatch.setattr(dial, "SHORTEST", 0.3)
    with closing(socket.socket()) as full:  # a listening socket whose queue is full drops what comes
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            waiting.append(one)
        surroundings.set(tls_hostname=f"127.0.0.1:{full.getsockname()[1]}")
        began = time.monotonic()
        error = failure(session)
        for one in waiting:
            one.close()
    assert time.monotonic() - began < 3
    assert error.step == "connect"
    assert str(error).endswith("(127.0.0.1): timed out")


@pytest.fixture
def proxy() -> Iterator[Callable[..., Any]]:
    started = []

    def start(places: dict[str, int], **options: Any) -> Any:
        started.append(Proxy(places, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_a_proxy_takes_the_requests_to_where_only_it_can_go(
    serve: Any, session: Session, surroundings: Any, proxy: Any
) -> None:
    server = serve(host="fleet.example")
    between = proxy({"fleet.example:443": server.port})
    surroundings.set(tls_hostname="fleet.example", proxy_hostname=f"http://127.0.0.1:{between.port}/")
    assert ask(session) == {}
    assert between.heard == ["CONNECT fleet.example:443 HTTP/1.1\r\nHost: fleet.example:443\r\n\r\n"]
    assert server.requests[0].headers["Host"] == "fleet.example"


def test_a_proxy_that_wants_a_user(serve: Any, session: Session, surroundings: Any, proxy: Any) -> None:
    server = serve()
    between = proxy({f"localhost:{server.port}": server.port}, credentials="me:p@ss/w")
    surroundings.set(proxy_hostname=f"127.0.0.1:{between.port}")
    error = failure(session)
    assert error.step == "proxy"
    assert str(error) == (
        f"The proxy 127.0.0.1:{between.port} refuses a tunnel to localhost:{server.port}: 407 Proxy Authentication"
        " Required (it wants a user and password: --proxy_hostname=USER:PASSWORD@HOST:PORT)"
    )
    surroundings.set(proxy_hostname=f"me:wrong@127.0.0.1:{between.port}")
    error = failure(session)
    assert "it does not accept the user and password" in str(error)
    assert "wrong" not in str(error)
    surroundings.set(proxy_hostname=f"me:p%40ss%2Fw@127.0.0.1:{between.port}")
    assert ask(session) == {}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"", "refuses a tunnel to localhost:{port}: 502 Bad Gateway"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP: 'SSH-2.0-OpenSSH_9.2'"),
        (b"HTTP/1.1 403 Denied\x1b[2J\r\n\r\n", "refuses a tunnel to localhost:{port}: 403 Denied?[2J"),
    ],
)
def test_a_proxy_that_does_not_open_a_tunnel(
    serve: Any, session: Session, surroundings: Any, proxy: Any, answer: bytes, sentence: str
) -> None:
    server = serve()
    between = proxy({}, answer=answer)
    surroundings.set(proxy_hostname=f"127.0.0.1:{between.port}")
    error = failure(session)
    assert error.step == "proxy"
    assert str(error) == f"The proxy 127.0.0.1:{between.port} " + sentence.format(port=server.port)


def test_a_proxy_that_is_not_there(serve: Any, session: Session, surroundings: Any) -> None:
    serve()
    surroundings.set(proxy_hostname="proxy.invalid:8080")
    error = failure(session)
    assert error.step == "resolve"
    assert str(error).startswith("Cannot resolve the proxy proxy.invalid: ")
    surroundings.set(proxy_hostname="127.0.0.1:1")
    error = failure(session)
    assert str(error) == "Cannot connect to the proxy 127.0.0.1:1 (127.0.0.1): Connection refused"
    for wrong in ("127.0.0.1:port", "http://127.0.0.1/path"):
        surroundings.set(proxy_hostname=wrong)
        with pytest.raises(UnusableError, match="--proxy_hostname"):
            ask(session)


def test_the_certificate_is_checked_behind_a_proxy_too(
    serve: Any, session: Session, surroundings: Any, proxy: Any
) -> None:
    server = serve(host="other.example")
    between = proxy({"fleet.example:443": server.port})
    surroundings.set(tls_hostname="fleet.example", proxy_hostname=f"127.0.0.1:{between.port}")
    error = failure(session)
    assert error.step == "tls"
    assert "not valid for 'fleet.example'" in str(error)
