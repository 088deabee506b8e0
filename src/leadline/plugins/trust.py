"""Whom a connection trusts: certificates from the files that flags name, and sentences for what is wrong with one."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime
from threading import Lock
from time import time
from typing import Any

from leadline.flags import Flags
from leadline.plugins.errors import UnusableError

Stamp = tuple[int, int, int] | None

MAX_CONTEXTS = 8
MAX_NAMES = 10  # of a certificate in a message
MAX_TEXT = 200  # characters of what others wrote in a message

_DATES = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
_NO_ISSUER = (20, 21)  # X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, .._VERIFY_LEAF_SIGNATURE

_lock = Lock()
_contexts: dict[tuple[str, ...], tuple[list[Stamp], ssl.SSLContext]] = {}

_SHORT = {
    "commonName": "CN", "organizationName": "O", "organizationalUnitName": "OU", "countryName": "C",
    "localityName": "L", "stateOrProvinceName": "ST", "domainComponent": "DC",
}  # fmt: skip

# Parts of OpenSSL's names for what ended a handshake, and what people can make of it.
_REASONS = (
    ("WRONG_VERSION_NUMBER", "what answers there does not speak TLS"),
    ("HTTP_REQUEST", "what answers there does not speak TLS"),
    ("PACKET_LENGTH_TOO_LONG", "what answers there does not speak TLS"),
    ("UNSUPPORTED_PROTOCOL", "the server offers no version of TLS from 1.2 on"),
    ("ALERT_PROTOCOL_VERSION", "the server offers no version of TLS from 1.2 on"),
    ("ALERT_CERTIFICATE_REQUIRED", "the server wants a client certificate"),
    ("ALERT_UNKNOWN_CA", "the server does not know who issued our client certificate"),
    ("ALERT_CERTIFICATE_EXPIRED", "our client certificate has expired"),
    ("ALERT_CERTIFICATE_REVOKED", "our client certificate was revoked"),
    ("ALERT_BAD_CERTIFICATE", "the server does not accept our client certificate"),
    ("ALERT_CERTIFICATE_UNKNOWN", "the server does not accept our client certificate"),
    ("ALERT_ACCESS_DENIED", "the server does not accept our client certificate"),
    ("ALERT_UNRECOGNIZED_NAME", "the server does not serve this name"),
    ("ALERT_HANDSHAKE_FAILURE", "the server found no cipher in common, or wants a client certificate"),
    ("UNEXPECTED_EOF", "the other side ended the connection"),
)


def trust(
    flags: Flags,
    authorities: str = "tls_server_certs",
    client: tuple[str, str] = ("tls_client_cert", "tls_client_key"),
) -> ssl.SSLContext:
    """What the server's certificate is checked against, and our own certificate, from the flags of these names.

    Contexts are shared, since one with a system's authorities takes most of a MiB; when a file has changed a new one
    is made, so that certificates can be renewed while the agent runs. Raises UnusableError.
    """
    certificate, key = (flags.text(name) for name in client)
    path = flags.text(authorities)
    if not (path and (os.path.exists(path) or flags.origin(authorities) != "default")):
        path = ""
    names = (authorities, path, *client, certificate, key)
    stamps = [stamp(name) for name in (path or ssl.get_default_verify_paths().openssl_cafile, certificate, key)]
    with _lock:
        found = _contexts.get(names)
        if found is not None and found[0] == stamps:
            return found[1]
        context = make(path, authorities, certificate, key, client)
        if len(_contexts) >= MAX_CONTEXTS:
            _contexts.clear()
        _contexts[names] = stamps, context
        return context


def stamp(path: str) -> Stamp:
    """What changes when a file does."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def make(path: str, authorities: str, certificate: str, key: str, client: tuple[str, str]) -> ssl.SSLContext:
    """A context. Raises UnusableError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Whatever is in the file is trusted, not only roots: so one can name the server's own certificate and nothing else.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        if path and os.path.isdir(path):
            context.load_verify_locations(capath=path)
        elif path:
            context.load_verify_locations(cafile=path)
        else:
            context.load_default_certs()
    except (OSError, ssl.SSLError) as error:
        hint = "" if os.path.exists(path) and not os.access(path, os.R_OK) else not_pem(path)
        reason = hint or error.strerror or error
        raise UnusableError(f"Cannot read the server certificates in {path} (--{authorities}): {reason}") from error
    if certificate:
        try:
            # Without a password of ours OpenSSL would ask for one on a terminal, and wait.
            context.load_cert_chain(certificate, key or None, password=lambda: "")
        except (OSError, ssl.SSLError) as error:
            trouble = client_trouble(error, certificate, key or certificate)
            raise UnusableError(
                f"Cannot read the client certificate {certificate} and its key"
                f" {key or 'in the same file'} (--{client[0]}, --{client[1]}): {trouble}"
            ) from error
    return context


def not_pem(path: str) -> str:
    """A sentence for a file that is there and holds no certificate."""
    try:
        with open(path, "rb") as file:
            return "" if b"-----BEGIN " in file.read(1 << 20) else "it holds no certificate in PEM format"
    except OSError:
        return ""


def client_trouble(error: OSError, certificate: str, key: str) -> object:
    """What is wrong with the client's certificate or key."""
    content = b""
    for path in (certificate, key):
        try:
            with open(path, "rb") as file:
                content = file.read(1 << 20)
        except OSError as failure:
            return f"{path}: {failure.strerror}"
    if "VALUES_MISMATCH" in str(getattr(error, "reason", None) or ""):
        return "the key is that of another certificate"
    if b"ENCRYPTED" in content:
        return "the key is protected by a password, which the agent cannot be given"
    if b"-----BEGIN " not in content:
        return f"{key} holds no key in PEM format"
    return error.strerror or error


def failed_handshake(server: str, error: Exception) -> str:
    """The sentence for a handshake that failed otherwise than by the server's certificate."""
    reason = str(getattr(error, "reason", None) or error.__class__.__name__)
    if isinstance(error, TimeoutError):
        return f"The TLS handshake with {server} failed: it takes too long"
    for part, sentence in _REASONS:
        if part in reason:
            return f"The TLS handshake with {server} failed: {sentence} ({reason})"
    return f"The TLS handshake with {server} failed: {getattr(error, 'strerror', None) or error}"


def refused_certificate(server: str, error: ssl.SSLCertVerificationError, stream: ssl.SSLSocket, trusted: str) -> str:
    """The sentence for a certificate that is not accepted: why, what it says, and what it was checked against."""
    why = str(error.verify_message)
    if error.verify_code in _DATES:
        why += f", by this machine's clock ({datetime.now(UTC):%Y-%m-%d %H:%M} UTC)"
    shown = shown_by(stream, error.verify_code)
    return f"The certificate of {server} is not accepted: {why}{shown}; trusted is what is in {trusted}"


def shown_by(stream: ssl.SSLSocket, code: int) -> str:
    """What the certificate says that a server showed in a handshake which failed; empty when it came to none.

    Python has no public name for it before 3.13, and then it gives bytes only.
    """
    below: Any = getattr(stream, "_sslobj", None)
    chain = below.get_unverified_chain() if hasattr(below, "get_unverified_chain") else None
    if not chain:
        return ""
    certificates = [one.get_info() for one in chain]
    told = certificates[0]
    if code in _DATES:
        told = next((one for one in certificates if not in_time(one)), told)
    names = [printable(value) for kind, value in told.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    listed = ", ".join(names[:MAX_NAMES]) + (", …" if len(names) > MAX_NAMES else "")
    alone = ", which the server did not send along" if code in _NO_ISSUER and len(chain) == 1 else ""
    return (
        f"; it is for '{one_line(told['subject'])}' and was issued by '{one_line(told['issuer'])}'{alone}, names"
        f" {listed or 'no host'}, and is valid from {told['notBefore']} to {told['notAfter']}"
    )


def in_time(told: dict[str, Any]) -> bool:
    """Whether a certificate is valid now."""
    return ssl.cert_time_to_seconds(told["notBefore"]) <= time() <= ssl.cert_time_to_seconds(told["notAfter"])


def one_line(name: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    """A distinguished name, the most specific part first (RFC 4514)."""
    parts = ["+".join(f"{_SHORT.get(kind, kind)}={value}" for kind, value in group) for group in reversed(name)]
    return printable(",".join(parts))


def printable(text: str) -> str:
    """Text that somebody else wrote, as it may stand in a log line."""
    return "".join(one if one.isprintable() else "?" for one in text[:MAX_TEXT])


def trusted_in(context: ssl.SSLContext, flags: Flags, authorities: str) -> str:
    """Where what a context trusts comes from, for messages."""
    path = flags.text(authorities)
    if path and (os.path.exists(path) or flags.origin(authorities) != "default"):
        loaded = os.path.isdir(path) or context.cert_store_stats()["x509"]
        return f"{path} (--{authorities})" + ("" if loaded else ", which holds no certificate")
    system = ssl.get_default_verify_paths().openssl_cafile
    missing = f", since {path} is missing" if path else ""
    return f"{system}, the system's (--{authorities}{missing})"
