"""Certificates read from DER, held against OpenSSL and against the library cryptography."""

from __future__ import annotations

import hashlib
import resource
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509 as peer
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
    ObjectIdentifier,
    SubjectInformationAccessOID,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import distinguished, oids, pem, x509, x509text

FOLDERS = ("/etc/ssl/certs", "/etc/pki/tls/certs", "/usr/share/ca-certificates")
START = datetime(2020, 2, 29, 23, 59, 58, tzinfo=UTC)
OpenSSL = Callable[..., bytes]


def found_here() -> dict[str, bytes]:
    """Each certificate on this machine once, by its digest."""
    import certifi  # the authorities that come with the test's own packages, for machines that have none

    paths = [path for folder in FOLDERS if Path(folder).is_dir() for path in sorted(Path(folder).iterdir())]
    found = {}
    for path in [*paths, Path(certifi.where())]:
        if path.is_file():
            for data in pem.certificates(path.read_bytes()):
                found[hashlib.sha1(data).hexdigest()] = data
    return found


HERE = found_here()


def read(data: bytes) -> x509.Certificate:
    certificate = x509.parse(data)
    assert certificate is not None
    return certificate


def both(parts: list[distinguished.Attribute]) -> tuple[str, str]:
    return distinguished.slashed(parts), distinguished.spaced(parts)


def test_names_and_roles_of_all_certificates_here_are_those_that_openssl_sees(libcrypto: Any) -> None:
    compared = 0
    for data in HERE.values():
        judge = libcrypto.certificate(data)
        if judge is None:
            continue
        certificate = read(data)
        assert both(certificate.subject) == libcrypto.name(judge, "subject")
        assert both(certificate.issuer) == libcrypto.name(judge, "issuer")
        assert (certificate.is_ca(), certificate.is_self_signed()) == libcrypto.attributes(judge)
        compared += 1
    assert compared > 100


def test_extensions_of_all_certificates_here_are_printed_as_openssl_does(libcrypto: Any) -> None:
    compared = 0
    for data in HERE.values():
        judge = libcrypto.certificate(data)
        for kind in x509text.KINDS if judge else ():
            printed = x509text.extension(read(data).extensions, kind)
            expected = libcrypto.extension(judge, oids.dotted(kind))
            # OpenSSL prints nothing of a text in two bytes a character. What it is stands there.
            if expected is None or "Explicit Text: " not in expected:
                assert printed == expected
                compared += expected is not None
    assert compared > 200


def known_by_peer(data: bytes) -> peer.Certificate | None:
    try:
        return peer.load_der_x509_certificate(data)
    except ValueError:
        return None


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore:Parsed a:Warning", "ignore:The parsed certificate:Warning")
def test_the_rest_of_all_certificates_here_is_what_cryptography_reads() -> None:
    compared = 0
    for digest, data in HERE.items():
        other = known_by_peer(data)
        if other is None:
            continue
        certificate = read(data)
        before, after = other.not_valid_before_utc, other.not_valid_after_utc
        assert certificate.validity() == (int(before.timestamp()), int(after.timestamp()))
        assert int(certificate.serial or "", 16) == other.serial_number
        assert certificate.version == {peer.Version.v1: 1, peer.Version.v3: 3}[other.version]
        assert x509.sha1(certificate) == digest
        assert certificate.signature == other.signature
        assert oids.dotted(certificate.signature_algorithm) == other.signature_algorithm_oid.dotted_string
        assert oids.dotted(certificate.key_algorithm) == other.public_key_algorithm_oid.dotted_string
        key = other.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            assert certificate.key_strength() == str(-(-key.key_size // 8) * 8)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            assert certificate.key_strength() == {"secp256r1": "prime256v1"}.get(key.curve.name, key.curve.name)
        compared += 1
    assert compared > 100


def test_a_certificate_of_openssl_in_all_its_columns(openssl: OpenSSL) -> None:
    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "ca.pem", "-days", "30"),
        *("-subj", "/C=DE/O=Sea, Ltd/OU=a\\+b/CN=Ocean Root", "-set_serial", "0x0123", "-sha384"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    data = openssl("x509", "-in", "ca.pem", "-outform", "DER")
    certificate = read(data)
    assert distinguished.first(certificate.subject, distinguished.COMMON_NAME) == "Ocean Root"
    assert distinguished.slashed(certificate.subject) == "/C=DE/O=Sea, Ltd/OU=a\\+b/CN=Ocean Root"
    assert distinguished.spaced(certificate.subject) == 'C = DE, O = "Sea, Ltd", OU = "a+b", CN = Ocean Root'
    assert certificate.issuer is certificate.subject
    assert certificate.serial == "0123"
    assert oids.long(certificate.signature_algorithm) == "sha384WithRSAEncryption"
    assert oids.short(certificate.signature_algorithm) == "RSA-SHA384"
    assert oids.long(certificate.key_algorithm) == "rsaEncryption"
    assert certificate.key_strength() == "2048"
    assert certificate.key_usage() == "CRL Sign, Key Cert Sign"
    assert (certificate.is_ca(), certificate.is_self_signed()) == (True, True)
    assert certificate.subject_key_id() == certificate.authority_key_id()
    fingerprint = openssl("x509", "-in", "ca.pem", "-noout", "-fingerprint", "-sha1").decode().strip()
    assert x509.sha1(certificate).upper() == fingerprint.partition("=")[2].replace(":", "")


@pytest.mark.parametrize(
    ("kind", "signature", "algorithm", "strength"),
    [
        (("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), "ecdsa-with-SHA256", "id-ecPublicKey", "prime256v1"),
        (("ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"), "ecdsa-with-SHA256", "id-ecPublicKey", "secp384r1"),
        (("ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"), "ecdsa-with-SHA256", "id-ecPublicKey", "secp256k1"),
        (("ed25519",), "ED25519", "ED25519", None),
        (("rsa:2048", "-sigopt", "rsa_padding_mode:pss"), "rsassaPss", "rsaEncryption", "2048"),
        (("rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"), "rsassaPss", "rsassaPss", None),
    ],
)  # fmt: skip
def test_keys_of_other_kinds(
    openssl: OpenSSL, libcrypto: Any, kind: tuple[str, ...], signature: str, algorithm: str, strength: str | None
) -> None:
    openssl("req", "-x509", "-newkey", *kind, "-nodes", "-keyout", "key.pem", "-out", "c.pem", "-subj", "/CN=one")
    data = openssl("x509", "-in", "c.pem", "-outform", "DER")
    certificate = read(data)
    assert oids.long(certificate.signature_algorithm) == signature
    assert oids.long(certificate.key_algorithm) == algorithm
    assert certificate.key_strength() == strength
    assert libcrypto.attributes(libcrypto.certificate(data)) == (certificate.is_ca(), certificate.is_self_signed())


KEY = ec.generate_private_key(ec.SECP256R1())


def made(
    subject: peer.Name, issuer: peer.Name | None = None, *extensions: peer.ExtensionType, end: datetime | None = None
) -> bytes:
    """A certificate of the library's making, for what openssl's command line does not offer."""
    builder = (
        peer.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(KEY.public_key())
        .serial_number(1 << 127)
        .not_valid_before(START)
        .not_valid_after(end or START + timedelta(days=40000))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def named(*parts: tuple[ObjectIdentifier, str]) -> peer.Name:
    return peer.Name([peer.NameAttribute(kind, value) for kind, value in parts])


ONE = named((NameOID.COMMON_NAME, "one"))
CHARACTERS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=12)
AWKWARD = st.one_of(CHARACTERS, st.text(' #"+,/;<=>\\é\n', min_size=1, max_size=6))
KINDS = st.sampled_from(
    [NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.GIVEN_NAME, NameOID.DOMAIN_COMPONENT,
     NameOID.USER_ID, ObjectIdentifier("1.2.3.4.5"), ObjectIdentifier("2.999.1234567890123")]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.tuples(KINDS, AWKWARD), min_size=1, max_size=2, unique_by=lambda one: one[0]), max_size=4))
def test_any_name_is_printed_as_openssl_prints_it(libcrypto: Any, sets: list[list[tuple[Any, str]]]) -> None:
    ascii_only = {NameOID.DOMAIN_COMPONENT}
    name = peer.Name(
        peer.RelativeDistinguishedName(
            peer.NameAttribute(kind, value.encode("ascii", "replace").decode() if kind in ascii_only else value)
            for kind, value in one
        )
        for one in sets
    )
    data = made(name)
    judge = libcrypto.certificate(data)
    if judge is not None:  # a time of another form apart, OpenSSL takes what the library writes
        assert both(read(data).subject) == libcrypto.name(judge, "subject")


@pytest.mark.parametrize("tag", [12, 18, 19, 20, 22, 26, 27, 28, 30])
@pytest.mark.parametrize(
    "value", [b"plain", b"with, comma", b"\xe9t\xe9", b"\0c\0a\0f\0\xe9", b"\0\0\0a\0\0\0b", b" ends "]
)
def test_any_kind_of_string_is_printed_as_openssl_prints_it(libcrypto: Any, tag: int, value: bytes) -> None:
    data = made(named((NameOID.COMMON_NAME, "x" * len(value))))
    data = data.replace(bytes((12, len(value))) + b"x" * len(value), bytes((tag, len(value))) + value)
    judge = libcrypto.certificate(data)
    if judge is not None:
        assert both(read(data).subject) == libcrypto.name(judge, "subject")


def test_a_name_in_wide_characters_is_text() -> None:
    data = made(named((NameOID.COMMON_NAME, "x" * 8))).replace(b"\x0c\x08xxxxxxxx", b"\x1e\x08\0c\0a\0f\0\xe9")
    assert distinguished.first(read(data).subject, distinguished.COMMON_NAME) == "café"


def test_a_nul_in_a_name_does_not_hide_what_follows() -> None:
    data = made(named((NameOID.COMMON_NAME, "good.example\0.bad.example")))
    assert distinguished.first(read(data).subject, distinguished.COMMON_NAME) == "good.example\\x00.bad.example"


TIMES = [
    ("utc", b"200229235958Z", 1583020798),
    ("utc", b"491231235959Z", 2524607999),
    ("utc", b"500101000000Z", -631152000),
    ("utc", b"2002292359Z", 1583020740),
    ("utc", b"200229235958+0100", 1583017198),
    ("utc", b"201329235958Z", None),
    ("utc", b"", None),
    ("utc", b"20022923595\xb2Z", None),
    ("generalized", b"20500101000000Z", 2524608000),
    ("generalized", b"99991231235959Z", 253402300799),
    ("generalized", b"20500101000000.5Z", 2524608000),
    ("generalized", b"20500101000000.5-0030", 2524609800),
]


@pytest.mark.parametrize(("kind", "text", "seconds"), TIMES)
def test_times(kind: str, text: bytes, seconds: int | None) -> None:
    from leadline.linux import der

    assert der.seconds(der.UTC_TIME if kind == "utc" else der.GENERALIZED_TIME, text) == seconds


@settings(max_examples=200, deadline=None)
@given(st.datetimes())
def test_any_time_is_counted_as_the_calendar_does(moment: datetime) -> None:
    from leadline.linux import der

    text = f"{moment.year:04}{moment:%m%d%H%M%S}Z".encode()
    whole = moment.replace(microsecond=0, tzinfo=UTC)
    assert der.seconds(der.GENERALIZED_TIME, text) == round((whole - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


EVERYTHING = (
    peer.BasicConstraints(ca=True, path_length=3),
    peer.KeyUsage(True, True, True, True, True, True, True, True, True),
    peer.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, ObjectIdentifier("1.2.3.4")]
    ),
    peer.SubjectKeyIdentifier(b"\x01\x02\xff"),
    peer.AuthorityKeyIdentifier(b"\xaa\xbb", [peer.DirectoryName(ONE)], 1 << 127),
    peer.SubjectAlternativeName(
        [
            peer.DNSName("*.sea.example"),
            peer.RFC822Name("cod@sea.example"),
            peer.UniformResourceIdentifier("https://sea.example/?a=b"),
            peer.IPAddress(ip_address("192.0.2.7")),
            peer.IPAddress(ip_address("2001:db8::ff")),
            peer.DirectoryName(named((NameOID.COUNTRY_NAME, "DE"), (NameOID.COMMON_NAME, "a/b, c"))),
            peer.RegisteredID(ObjectIdentifier("1.2.3.4.5")),
        ]
    ),
    peer.IssuerAlternativeName([peer.DNSName("issuer.example")]),
    peer.NameConstraints(
        [peer.DNSName("sea.example"), peer.IPAddress(ip_network("192.0.2.0/24"))],
        [
            peer.DirectoryName(named((NameOID.COMMON_NAME, "x, y"))),
            peer.IPAddress(ip_network("2001:db8::/32")),
        ],
    ),
    peer.PolicyConstraints(2, 0),
    peer.CertificatePolicies(
        [
            peer.PolicyInformation(
                ObjectIdentifier("1.3.6.1.4.1.99999.1"),
                [
                    "https://sea.example/cps",
                    peer.UserNotice(peer.NoticeReference("Sea", [1, 2]), "read this"),
                    peer.UserNotice(None, "only this"),
                ],
            ),
            peer.PolicyInformation(ObjectIdentifier("2.5.29.32.0"), None),
        ]
    ),
    peer.AuthorityInformationAccess(
        [
            peer.AccessDescription(
                AuthorityInformationAccessOID.OCSP, peer.UniformResourceIdentifier("http://ocsp.example")
            ),
            peer.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS,
                peer.UniformResourceIdentifier("http://ca.example/ca.crt"),
            ),
        ]
    ),
    peer.SubjectInformationAccess(
        [
            peer.AccessDescription(
                SubjectInformationAccessOID.CA_REPOSITORY, peer.UniformResourceIdentifier("http://repo.example")
            )
        ]
    ),
    peer.UnrecognizedExtension(
        ObjectIdentifier("2.5.29.33"), bytes.fromhex("3012301006032a030406092b06010401868d1f01")
    ),
)


@pytest.mark.parametrize("kind", x509text.KINDS, ids=oids.short)
def test_every_extension_is_printed_as_openssl_prints_it(libcrypto: Any, kind: bytes) -> None:
    data = made(ONE, None, *EVERYTHING)
    judge = libcrypto.certificate(data)
    printed = x509text.extension(read(data).extensions, kind)
    assert printed == libcrypto.extension(judge, oids.dotted(kind))
    assert printed


def test_an_extension_that_is_broken_is_shown_as_its_bytes() -> None:
    assert x509text.extension({x509.KEY_USAGE: b"\x03\xffabc"}, x509.KEY_USAGE) == "..abc"
    assert x509text.extension({}, x509.KEY_USAGE) is None


@pytest.mark.parametrize(
    ("issuer", "extensions"),
    [
        (None, ()),
        (named((NameOID.COMMON_NAME, "other")), ()),
        (named((NameOID.COMMON_NAME, " ONE ")), ()),
        (None, (peer.KeyUsage(True, False, False, False, False, False, False, False, False),)),
        (None, (peer.KeyUsage(False, False, False, False, False, True, False, False, False),)),
        (None, (peer.BasicConstraints(ca=False, path_length=None),)),
        (None, (peer.SubjectKeyIdentifier(b"a"), peer.AuthorityKeyIdentifier(b"a", None, None))),
        (None, (peer.SubjectKeyIdentifier(b"a"), peer.AuthorityKeyIdentifier(b"b", None, None))),
        (None, (peer.AuthorityKeyIdentifier(None, [peer.DirectoryName(ONE)], 1 << 127),)),
        (None, (peer.AuthorityKeyIdentifier(None, [peer.DirectoryName(ONE)], 7),)),
        (None, (peer.AuthorityKeyIdentifier(None, [peer.DirectoryName(named((NameOID.COMMON_NAME, "2")))], 1 << 127),)),
        (None, (peer.AuthorityKeyIdentifier(None, [peer.DNSName("no.directory")], 1 << 127),)),
        (None, (peer.UnrecognizedExtension(ObjectIdentifier("2.16.840.1.113730.1.1"), b"\x03\x02\x00\x07"),)),
        (None, (peer.UnrecognizedExtension(ObjectIdentifier("2.16.840.1.113730.1.1"), b"\x03\x02\x00\x80"),)),
    ],
)
def test_whether_it_is_an_authority_and_signed_itself_is_what_openssl_says(
    libcrypto: Any, issuer: peer.Name | None, extensions: tuple[peer.ExtensionType, ...]
) -> None:
    data = made(ONE, issuer, *extensions)
    certificate = read(data)
    assert (certificate.is_ca(), certificate.is_self_signed()) == libcrypto.attributes(libcrypto.certificate(data))


def test_the_names_of_object_identifiers_are_those_of_openssl(libcrypto: Any) -> None:
    newer = {"2.16.840.1.101.3.4.3.17", "2.16.840.1.101.3.4.3.18", "2.16.840.1.101.3.4.3.19"}  # OpenSSL 3.5
    for number, name in oids.NAMES.items():
        expected = libcrypto.names_of(number)
        assert expected == ((name, name) if isinstance(name, str) else name) or number in newer


MADE = made(ONE, None, *EVERYTHING)


def everything_about(data: bytes) -> None:
    certificate = x509.parse(data)
    if certificate is None:
        return
    for parts in (certificate.subject, certificate.issuer):
        assert all(isinstance(text, str) for text in both(parts))
        distinguished.first(parts, distinguished.COMMON_NAME)
    for text in (
        certificate.serial, certificate.key_strength(), certificate.key_usage(), certificate.subject_key_id(),
        certificate.authority_key_id(), x509.sha1(certificate), oids.long(certificate.key_algorithm),
        *(x509text.extension(certificate.extensions, kind) for kind in x509text.KINDS),
    ):  # fmt: skip
        assert text is None or text.encode() is not None
    certificate.validity()
    certificate.is_ca()
    certificate.is_self_signed()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_certificate_or_none(data: bytes) -> None:
    everything_about(data)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(MADE) - 1), st.integers(0, 255)), min_size=1, max_size=4), st.data())
def test_a_certificate_with_other_bytes_is_read_as_far_as_it_goes(changes: list[tuple[int, int]], data: Any) -> None:
    mutated = bytearray(MADE)
    for place, byte in changes:
        mutated[place] = byte
    everything_about(bytes(mutated[: data.draw(st.integers(0, len(mutated)))] if data.draw(st.booleans()) else mutated))


def test_what_is_too_large_for_a_certificate_is_not_taken_apart() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    content = b"\5\0" * 4_000_000
    assert x509.parse(b"\x30\x84" + len(content).to_bytes(4, "big") + content) is None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10
