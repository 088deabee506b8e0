"""The private certificate authority of a data directory, and the server certificate it signs (both ECDSA P-256).

Elliptic curves because TLS handshakes dominate a fleet server's CPU with RSA keys (fleet.md 6.1).
"""

from __future__ import annotations

import ipaddress
import os
import socket
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from leadline.server.errors import SetupError

CA_DAYS = 3650
SERVER_DAYS = 397  # the longest that browsers accept from public authorities; shorter is not needed for a private one
RENEW_DAYS = 30


def machine_names() -> list[str]:
    """Names and addresses by which this machine is reached, without asking a name server."""
    names = ["localhost", "127.0.0.1", "::1"]
    for name in (socket.gethostname(), _fqdn()):
        if name and name not in names and _valid_name(name):
            names.append(name)
    return names


def ensure(data: str, names: list[str], now: datetime | None = None) -> bool:
    """Make what is missing of ca.pem, ca.key, server.pem and server.key in ``data``.

    The server certificate is renewed when it ends within 30 days, was not signed by this authority or does not hold
    all of ``names``; ``now`` is the time to judge that by. Returns whether the authority is new. Raises SetupError for
    files that cannot be read.
    """
    ca_path, ca_key_path = os.path.join(data, "ca.pem"), os.path.join(data, "ca.key")
    created = not (os.path.exists(ca_path) and os.path.exists(ca_key_path))
    if created:
        ca_key = ec.generate_private_key(ec.SECP256R1())
        ca = _authority(ca_key)
        _write_key(ca_key_path, ca_key)
        _write(ca_path, ca.public_bytes(serialization.Encoding.PEM), 0o644)
    else:
        ca, ca_key = _read_certificate(ca_path), _read_key(ca_key_path)
    server_path, server_key_path = os.path.join(data, "server.pem"), os.path.join(data, "server.key")
    if created or not _still_good(server_path, server_key_path, ca, names, now or datetime.now(UTC)):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _server(key, ca, ca_key, names)
        chain = certificate.public_bytes(serialization.Encoding.PEM) + ca.public_bytes(serialization.Encoding.PEM)
        _write_key(server_key_path, key)
        _write(server_path, chain, 0o644)
    return created


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    host = socket.gethostname()[:40]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Leadline private authority on {host}"[:64])])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    public = key.public_key()
    return (
        _builder(name, name, public, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePrivateKey, ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey, names: list[str]
) -> x509.Certificate:
    public = key.public_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Leadline server")])
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return (
        _builder(subject, ca.subject, public, SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(authority_id, critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # agents whose clock is a little behind
        .not_valid_after(now + timedelta(days=days))
    )


def _still_good(path: str, key_path: str, ca: x509.Certificate, names: list[str], now: datetime) -> bool:
    if not os.path.exists(path) or not os.path.exists(key_path):
        return False
    certificate, key = _read_certificate(path), _read_key(key_path)
    if certificate.not_valid_after_utc - now < timedelta(days=RENEW_DAYS):
        return False
    if certificate.public_key() != key.public_key():
        return False
    try:
        certificate.verify_directly_issued_by(ca)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, a new one mends it
        return False
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {_general_name(name) for name in names} <= set(held)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _fqdn() -> str:
    # From the hosts file only: getfqdn() may wait for a name server that does not answer.
    host = socket.gethostname()
    try:
        with open("/etc/hosts", encoding="utf-8", errors="replace") as file:
            for line in file:
                words = line.partition("#")[0].split()
                if host in words[1:]:
                    return next((word for word in words[1:] if word.startswith(host + ".")), host)
    except OSError:
        pass
    return host


def _valid_name(name: str) -> bool:
    return name.isascii() and all(part and len(part) < 64 for part in name.split(".")) and len(name) < 254


def _read_certificate(path: str) -> x509.Certificate:
    try:
        with open(path, "rb") as file:
            return x509.load_pem_x509_certificate(file.read())
    except (OSError, ValueError) as error:
        raise SetupError(f"{path} cannot be read as a certificate: {error}") from error


def _read_key(path: str) -> ec.EllipticCurvePrivateKey:
    try:
        with open(path, "rb") as file:
            key = serialization.load_pem_private_key(file.read(), None)
    except (OSError, ValueError, TypeError) as error:
        raise SetupError(f"{path} cannot be read as a private key: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SetupError(f"{path} is not an elliptic-curve key")
    return key


def _write_key(path: str, key: ec.EllipticCurvePrivateKey) -> None:
    data = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(path, data, 0o600)


def _write(path: str, data: bytes, mode: int) -> None:
    # Written beside and renamed: a reader sees the old file or the new one, and the mode holds from the first byte.
    beside = f"{path}.new"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(data)
    os.replace(beside, path)
