"""The curl_certificate table, looking at servers that nobody should trust."""

from __future__ import annotations

import hashlib
import socket
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import pytest

SUBJECT = ("-subj", "/C=DE/O=Sea, Ltd/OU=Reef/CN=reef.sea.example", "-set_serial", "0x1F2E")
EXTENSIONS = (
    *("-addext", "subjectAltName=DNS:reef.sea.example,IP:192.0.2.1,email:cod@sea.example"),
    *("-addext", "keyUsage=critical,digitalSignature,keyCertSign"),
    *("-addext", "extendedKeyUsage=serverAuth,clientAuth"),
    *("-addext", "certificatePolicies=1.3.6.1.4.1.99999.1"),
    *("-addext", "authorityInfoAccess=OCSP;URI:http://ocsp.sea.example"),
    *("-addext", "nameConstraints=permitted;DNS:sea.example"),
)


@pytest.fixture
def ask_host(ask):
    """``ask_host(host, "extra SQL")``: rows and warnings."""

    def run(host: str, more: str = "", columns: str = "*", **options):
        warnings: list[str] = []
        sql = f"SELECT {columns} FROM curl_certificate WHERE hostname = '{host}' {more}"
        return ask(sql, warn=lambda _, said: warnings.append(said), **options), warnings

    return run


def openssl(path: Path, *options: str) -> str:
    command = ["openssl", "x509", "-in", str(path), "-noout", *options]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def test_all_that_a_certificate_says(ask_host, serving, issue, context) -> None:
    path = issue(*SUBJECT, *EXTENSIONS)
    port, _ = serving({}, context(path))
    ((row,), warnings) = ask_host(f"localhost:{port}")
    assert warnings == []
    der = ssl.PEM_cert_to_DER_cert(path.read_text()[path.read_text().index("-----BEGIN CERT") :])
    start, end = (line.partition("=")[2] for line in openssl(path, "-dates").splitlines())
    identifier = openssl(path, "-ext", "subjectKeyIdentifier").splitlines()[1].strip()
    assert row == {
        "hostname": f"localhost:{port}",
        "common_name": "reef.sea.example",
        "organization": "Sea, Ltd",
        "organization_unit": "Reef",
        "serial_number": "1F2E",
        "issuer_common_name": "reef.sea.example",
        "issuer_organization": "Sea, Ltd",
        "issuer_organization_unit": "Reef",
        "valid_from": start,
        "valid_to": end,
        "sha256_fingerprint": hashlib.sha256(der).hexdigest(),
        "sha1_fingerprint": hashlib.sha1(der).hexdigest(),
        "version": 3,
        "signature_algorithm": "ecdsa-with-SHA256",
        "signature": row["signature"],
        "subject_key_identifier": identifier,
        "authority_key_identifier": identifier,
        "key_usage": "Digital Signature, Certificate Sign",
        "extended_key_usage": "TLS Web Server Authentication, TLS Web Client Authentication",
        "policies": "Policy: 1.3.6.1.4.1.99999.1",
        "subject_alternative_names": "DNS:reef.sea.example, IP Address:192.0.2.1, email:cod@sea.example",
        "issuer_alternative_names": None,
        "info_access": "OCSP - URI:http://ocsp.sea.example",
        "subject_info_access": None,
        "policy_mappings": None,
        "has_expired": 0,
        "basic_constraint": "CA:TRUE",
        "name_constraints": "Permitted:;  DNS:sea.example",
        "policy_constraints": None,
        "pem": None,
    }
    signature = openssl(path, "-text", "-certopt", "ca_default").rpartition("Signature Value:")[2]
    if signature.strip():
        assert row["signature"] == "".join(signature.split())


def test_the_whole_certificate_on_request(ask_host, serving, issue, context) -> None:
    path = issue(*SUBJECT)
    port, _ = serving({}, context(path))
    columns = "pem, dump_certificate, timeout"
    ((row,), _) = ask_host(f"localhost:{port}", "AND dump_certificate = 1 AND timeout = 9", columns)
    assert row == {
        "pem": path.read_text()[path.read_text().index("-----BEGIN CERT") :],
        "dump_certificate": 1,
        "timeout": 9,
    }
    ((row,), _) = ask_host(f"localhost:{port}", "", columns)
    assert row == {"pem": None, "dump_certificate": 0, "timeout": 4}


@pytest.mark.parametrize(
    "key", [("rsa:2048",), ("ed25519",), ("rsa:1024", "-sha1"), ("ec", "-pkeyopt", "ec_paramgen_curve:secp384r1")]
)
def test_certificates_of_any_kind_are_seen(ask_host, serving, issue, context, key) -> None:
    path = issue("-subj", "/CN=any", key=key)
    try:
        server = context(path)
    except ssl.SSLError:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.set_ciphers("ALL:@SECLEVEL=0")
        server.load_cert_chain(path)
    port, _ = serving({}, server)
    ((row,), _) = ask_host(f"127.0.0.1:{port}")
    assert row["common_name"] == "any"


def test_one_that_has_expired_is_seen_as_such(ask_host, serving, issue, context) -> None:
    path = issue("-subj", "/CN=old", "-days", "1")
    port, _ = serving({}, context(path))
    from time import time

    later = time() + 2 * 86400
    ((row,), _) = ask_host(f"localhost:{port}", clock=lambda: later)
    assert (row["common_name"], row["has_expired"]) == ("old", 1)


def test_the_name_is_sent_and_an_address_is_not(ask_host, serving, issue, context) -> None:
    names: list[str | None] = []
    server = context(issue("-subj", "/CN=default"))
    other = context(issue("-subj", "/CN=named"))

    def choose(channel: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        names.append(name)
        if name:
            channel.context = other

    server.sni_callback = choose
    port, _ = serving({}, server)
    assert ask_host(f"localhost:{port}")[0][0]["common_name"] == "named"
    assert ask_host(f"127.0.0.1:{port}")[0][0]["common_name"] == "default"
    assert names == ["localhost", None]


def test_an_address_of_ipv6_stands_in_brackets(ask_host, serving, issue, context) -> None:
    try:
        port, _ = serving({}, context(issue("-subj", "/CN=six")), "::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert ask_host(f"[::1]:{port}")[0][0]["common_name"] == "six"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_a_certificate_itself_shows_its_own(ask_host, serving, issue, context, version) -> None:
    path = issue("-subj", "/CN=mutual")
    server = context(path)
    server.maximum_version = version
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(path)
    port, _ = serving({}, server)
    assert ask_host(f"localhost:{port}")[0][0]["common_name"] == "mutual"


@pytest.mark.parametrize(
    "host",
    [
        "localhost:x",
        "localhost:0",
        "localhost:70000",
        "[::1",
        "[::1]x",
        ":443",
        "a b",
        "a..b:1",
        "x" * 300 + ":1",
        "é\x7f",
    ],
)
def test_what_is_no_host_has_no_certificate(ask_host, host: str) -> None:
    rows, warnings = ask_host(host)
    assert rows == []
    assert len(warnings) == 1


def test_a_server_that_says_nothing_or_no_tls_has_no_certificate(ask_host, serving, silent) -> None:
    start = perf_counter()
    rows, warnings = ask_host(f"127.0.0.1:{silent}", "AND timeout = 1")
    assert rows == []
    assert "within 1 seconds" in warnings[0]
    assert perf_counter() - start < 5
    port, _ = serving({})
    rows, warnings = ask_host(f"127.0.0.1:{port}")
    assert (rows, len(warnings)) == ([], 1)
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    rows, warnings = ask_host(f"127.0.0.1:{closed}")
    assert (rows, len(warnings)) == ([], 1)


def test_a_handshake_in_small_pieces_is_waited_for(ask_host, serving, issue, context) -> None:
    """What takes longer than the slice between two looks at whether the query is cancelled goes on where it was."""
    import threading
    from time import sleep

    port, _ = serving({}, context(issue("-subj", "/CN=slow")))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def relay() -> None:
            client, _ = listener.accept()
            with suppress(OSError), client, socket.create_connection(("127.0.0.1", port)) as server:
                server.sendall(client.recv(65536))
                while piece := server.recv(65536):
                    middle = len(piece) // 2
                    for part in (piece[:middle], piece[middle:]):
                        sleep(0.3)
                        client.sendall(part)
                    server.settimeout(0.5)

        thread = threading.Thread(target=relay)
        thread.start()
        assert ask_host(f"127.0.0.1:{listener.getsockname()[1]}")[0][0]["common_name"] == "slow"
        thread.join()


def test_a_timeout_that_is_none_is_not_taken(ask_host, serving, issue, context) -> None:
    port, _ = serving({}, context(issue("-subj", "/CN=x")))
    rows, warnings = ask_host(f"localhost:{port}", "AND timeout = -5")
    assert rows == []  # the row says that it waited for 4 seconds, which is not what was asked for
    assert "not for -5" in warnings[0]


def test_under_another_root_nothing_is_asked(ask_host, tmp_path) -> None:
    warnings: list[str] = []
    sql_rows, warnings = ask_host("localhost", root=str(tmp_path))
    assert sql_rows == []
    assert len(warnings) == 1
