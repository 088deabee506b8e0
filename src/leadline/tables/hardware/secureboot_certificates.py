"""The secureboot_certificates table."""

from __future__ import annotations

from leadline.linux import efi, oids, x509
from leadline.linux.distinguished import COMMON_NAME, first, slashed
from leadline.linux.text import clean
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Row

_STORES = (("db", 0), ("dbx", 1))  # what may start, and what must not although it was allowed once


@table(
    "secureboot_certificates",
    Column("common_name", TEXT, "Common name of the subject."),
    Column("subject", TEXT, "Name of the subject, as `/C=../O=..`."),
    Column("issuer", TEXT, "Name of the issuer, as `/C=../O=..`."),
    Column("not_valid_before", TEXT, "Start of its validity, in seconds since 1970."),
    Column("not_valid_after", TEXT, "End of its validity, in seconds since 1970."),
    Column("sha1", TEXT, "SHA-1 fingerprint, in hexadecimal.", collate="nocase"),
    Column("serial", TEXT, "Serial number, in hexadecimal.", collate="nocase"),
    Column("revoked", INTEGER, "1 when it is in dbx, whose keys are forbidden; 0 when in db."),
    Column("path", TEXT, "File of the EFI variable."),
    Column("is_ca", INTEGER, "1 when it may sign other certificates, else 0."),
    Column("self_signed", INTEGER, "1 when it names itself as its issuer, else 0."),
    Column("key_usage", TEXT, "What its key may be used for."),
    Column("authority_key_id", TEXT, "Identifier of the key that signed it, in hexadecimal.", collate="nocase"),
    Column("subject_key_id", TEXT, "Identifier of its key, in hexadecimal.", collate="nocase"),
    Column("signing_algorithm", TEXT, "Algorithm of its signature."),
    Column("key_algorithm", TEXT, "Algorithm of its key."),
    Column("key_strength", TEXT, "Bits of an RSA or DSA key, name of the curve of an elliptic one."),
    platforms=LINUX,
    examples=[
        "SELECT common_name, datetime(not_valid_after, 'unixepoch') AS ends FROM secureboot_certificates",
        "SELECT common_name, sha1 FROM secureboot_certificates WHERE revoked = 1",
    ],
    notes=(
        "From the X.509 entries of the EFI variables db and dbx in /sys/firmware/efi/efivars; entries that are hashes"
        " are left out. Empty where secure boot has no keys or the machine was not started by EFI."
    ),
)
def secureboot_certificates(query: Query) -> Rows:
    """Certificates of keys that secure boot lets sign what starts the machine, or forbids."""
    for store, revoked in _STORES:
        for path in efi.paths(query.root, store):
            for kind, content in efi.signatures(efi.value(query.root, path) or b""):
                if query.cancelled():
                    return
                certificate = x509.parse(content) if kind == efi.X509 else None
                if certificate is not None:
                    yield _row(certificate, revoked, clean(path))


def _row(certificate: x509.Certificate, revoked: int, path: str) -> Row:
    before, after = certificate.validity()
    return (
        first(certificate.subject, COMMON_NAME),
        slashed(certificate.subject),
        slashed(certificate.issuer),
        None if before is None else str(before),
        None if after is None else str(after),
        x509.sha1(certificate),
        certificate.serial,
        revoked,
        path,
        int(certificate.is_ca()),
        int(certificate.is_self_signed()),
        certificate.key_usage(),
        certificate.authority_key_id(),
        certificate.subject_key_id(),
        oids.long(certificate.signature_algorithm),
        oids.long(certificate.key_algorithm),
        certificate.key_strength(),
    )
