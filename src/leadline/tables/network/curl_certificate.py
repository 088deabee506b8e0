"""The curl_certificate table."""

from __future__ import annotations

from leadline.linux import oids, x509
from leadline.linux import x509text as printed
from leadline.linux.distinguished import COMMON_NAME, ORGANIZATION, ORGANIZATIONAL_UNIT, first
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Row

_SECONDS = 4
_LONGEST = 3600
_UNLIMITED = 60  # seconds; what a timeout of 0, which means none, comes to
_KEYS_TO_POLICIES = (
    x509.SUBJECT_KEY_IDENTIFIER,
    x509.AUTHORITY_KEY_IDENTIFIER,
    x509.KEY_USAGE,
    printed.EXTENDED_KEY_USAGE,
    printed.POLICIES,
    printed.SUBJECT_NAMES,
    printed.ISSUER_NAMES,
    printed.INFO_ACCESS,
    printed.SUBJECT_INFO_ACCESS,
    printed.POLICY_MAPPINGS,
)
_CONSTRAINTS = (x509.BASIC_CONSTRAINTS, printed.NAME_CONSTRAINTS, printed.POLICY_CONSTRAINTS)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@table(
    "curl_certificate",
    Column("hostname", TEXT, "Server to ask, with `:port` when it is not 443.", required=True, optimized=True),
    Column("common_name", TEXT, "Common name of the subject."),
    Column("organization", TEXT, "Organization of the subject."),
    Column("organization_unit", TEXT, "Unit of the subject's organization."),
    Column("serial_number", TEXT, "Serial number, in hexadecimal.", collate="nocase"),
    Column("issuer_common_name", TEXT, "Common name of the issuer."),
    Column("issuer_organization", TEXT, "Organization of the issuer."),
    Column("issuer_organization_unit", TEXT, "Unit of the issuer's organization."),
    Column("valid_from", TEXT, "Start of its validity, such as `Jan  1 00:00:00 2026 GMT`."),
    Column("valid_to", TEXT, "End of its validity."),
    Column("sha256_fingerprint", TEXT, "SHA-256 fingerprint, in hexadecimal.", collate="nocase"),
    Column("sha1_fingerprint", TEXT, "SHA-1 fingerprint, in hexadecimal.", collate="nocase"),
    Column("version", INTEGER, "Version of the format."),
    Column("signature_algorithm", TEXT, "Algorithm of its signature."),
    Column("signature", TEXT, "Signature, in hexadecimal."),
    Column("subject_key_identifier", TEXT, "Identifier of its key.", collate="nocase"),
    Column("authority_key_identifier", TEXT, "Identifier of the key that signed it.", collate="nocase"),
    Column("key_usage", TEXT, "What its key may be used for."),
    Column("extended_key_usage", TEXT, "Purposes it may be used for."),
    Column("policies", TEXT, "Policies it was issued under."),
    Column("subject_alternative_names", TEXT, "Host names, addresses and other names that it is for."),
    Column("issuer_alternative_names", TEXT, "Further names of the issuer."),
    Column("info_access", TEXT, "Where the issuer's certificate is, and where to ask whether this one was revoked."),
    Column("subject_info_access", TEXT, "Where services of the subject are."),
    Column("policy_mappings", TEXT, "Policies that are taken as equal to others."),
    Column("has_expired", INTEGER, "1 when its validity is over, else 0."),
    Column("basic_constraint", TEXT, "Whether it may sign others, and how deep."),
    Column("name_constraints", TEXT, "Names that it may sign for."),
    Column("policy_constraints", TEXT, "What it demands of the policies of certificates below it."),
    Column("dump_certificate", INTEGER, "1 to have the whole certificate in `pem`.", additional=True, hidden=True),
    Column("timeout", INTEGER, "Seconds to wait, 4 unless given.", additional=True, hidden=True),
    Column("pem", TEXT, "Certificate in PEM, with `dump_certificate = 1`."),
    platforms=LINUX,
    live=True,
    asks="over the network of the running system",
    examples=[
        "SELECT common_name, valid_to, has_expired FROM curl_certificate WHERE hostname = 'localhost'",
        "SELECT subject_alternative_names, pem FROM curl_certificate WHERE hostname = 'localhost:8443' AND timeout = 2",
    ],
    notes=(
        "Connects from this machine, sends the name (SNI) and shows what the server shows: nothing is verified, so that"
        " expired and self-signed ones are seen too. A server that cannot be reached gives no row and a warning."
    ),
)  # fmt: skip
def curl_certificate(query: Query) -> Rows:
    """The certificate a TLS server shows."""
    seconds = _timeout(query)
    dump = int(1 in (query.equals("dump_certificate") or ()))
    for hostname in query.equals("hostname") or ():
        if query.cancelled():
            return
        found = _shown(query, hostname, seconds) if isinstance(hostname, str) else None
        if found is not None:
            yield hostname, *_described(query, found), dump, seconds, _pem(found.der) if dump else None


def _timeout(query: Query) -> int:
    asked = query.equals("timeout")
    seconds = asked[0] if asked else _SECONDS
    if not isinstance(seconds, int) or not 0 <= seconds <= _LONGEST:
        query.warn(f"curl_certificate waits for {_SECONDS} seconds, not for {seconds!r}")
        return _SECONDS
    return seconds


def _shown(query: Query, hostname: str, seconds: int) -> x509.Certificate | None:
    from leadline.linux import tlspeer

    try:
        found = tlspeer.certificate(hostname, seconds or _UNLIMITED, query.cancelled)
    except (OSError, ValueError) as error:
        query.warn(f"curl_certificate has no certificate of {hostname}: {error}")
        return None
    return x509.parse(found)


def _described(query: Query, certificate: x509.Certificate) -> Row:
    from hashlib import sha256

    subject, issuer = certificate.subject, certificate.issuer
    before, after = certificate.validity()
    return (
        *(first(subject, kind) for kind in (COMMON_NAME, ORGANIZATION, ORGANIZATIONAL_UNIT)),
        certificate.serial,
        *(first(issuer, kind) for kind in (COMMON_NAME, ORGANIZATION, ORGANIZATIONAL_UNIT)),
        _time(before),
        _time(after),
        sha256(certificate.der).hexdigest(),
        x509.sha1(certificate),
        certificate.version,
        oids.short(certificate.signature_algorithm),
        certificate.signature.hex(":"),
        *(printed.extension(certificate.extensions, kind) for kind in _KEYS_TO_POLICIES),
        None if after is None else int(after <= query.clock()),
        *(printed.extension(certificate.extensions, kind) for kind in _CONSTRAINTS),
    )


def _time(seconds: int | None) -> str | None:
    """A time as ASN1_TIME_print(3) writes it."""
    if seconds is None:
        return None
    from datetime import UTC, datetime, timedelta

    try:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return f"{_MONTHS[at.month - 1]} {at.day:2} {at:%H:%M:%S} {at.year} GMT"


def _pem(data: bytes) -> str:
    from ssl import DER_cert_to_PEM_cert

    return DER_cert_to_PEM_cert(data)
