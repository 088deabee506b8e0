"""The certificates table."""

from __future__ import annotations

from leadline.linux import files, oids, pem, rooted, x509
from leadline.linux.distinguished import COMMON_NAME, first, slashed, spaced
from leadline.linux.text import clean
from leadline.sql.schema import GLOB, INTEGER, LIKE, LINUX, TEXT, WINDOWS, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.sql.schema import Row

_LARGEST = 64 << 20  # bytes of one file
_VALIDITY = ("not_valid_before", "not_valid_after")

# Where Red Hat's, Debian's and SUSE's systems keep the authorities they trust.
_BUNDLES = (
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
    "/var/lib/ca-certificates/ca-bundle.pem",
)


@table(
    "certificates",
    Column("common_name", TEXT, "Common name of the subject."),
    Column("subject", TEXT, "Name of the subject, as `/C=../O=..`."),
    Column("subject2", TEXT, "Name of the subject, as `C = .., O = ..`."),
    Column("issuer", TEXT, "Name of the issuer, as `/C=../O=..`."),
    Column("issuer2", TEXT, "Name of the issuer, as `C = .., O = ..`."),
    Column("ca", INTEGER, "1 when it may sign other certificates, else 0."),
    Column("self_signed", INTEGER, "1 when it names itself as its issuer, else 0."),
    Column("not_valid_before", TEXT, "Start of its validity, in seconds since 1970."),
    Column("not_valid_after", TEXT, "End of its validity, in seconds since 1970."),
    Column("signing_algorithm", TEXT, "Algorithm of its signature."),
    Column("key_algorithm", TEXT, "Algorithm of its key."),
    Column("key_strength", TEXT, "Bits of an RSA or DSA key, name of the curve of an elliptic one."),
    Column("key_usage", TEXT, "What its key may be used for."),
    Column("subject_key_id", TEXT, "Identifier of its key, in hexadecimal.", collate="nocase"),
    Column("authority_key_id", TEXT, "Identifier of the key that signed it, in hexadecimal.", collate="nocase"),
    Column("sha1", TEXT, "SHA-1 fingerprint, in hexadecimal.", collate="nocase"),
    Column("path", TEXT, "File that holds it; name others, or a pattern.", additional=True, optimized=True),
    Column("serial", TEXT, "Serial number, in hexadecimal.", collate="nocase"),
    Column("sid", TEXT, "Security identifier of the user whose store it is in.", platforms=WINDOWS),
    Column("store_location", TEXT, "Location of the store it is in.", platforms=WINDOWS),
    Column("store", TEXT, "Store it is in.", platforms=WINDOWS),
    Column("username", TEXT, "User whose store it is in.", platforms=WINDOWS),
    Column("store_id", TEXT, "Identifier of the store it is in.", platforms=WINDOWS),
    platforms=LINUX,
    cacheable=True,
    examples=[
        "SELECT common_name, path FROM certificates WHERE not_valid_after + 0 < (SELECT unix_time FROM time)",
        "SELECT path, common_name, not_valid_after FROM certificates WHERE path LIKE '/etc/ssl/%.pem'",
        "SELECT common_name, signing_algorithm FROM certificates WHERE signing_algorithm LIKE 'sha1%'",
    ],
    notes=(
        "From the bundles of trusted authorities of Red Hat, Debian and SUSE, or the files that `path` names or is"
        " like: PEM with any number of certificates, or one in DER. What the certificates say is shown, no signature"
        " is verified."
    ),
)  # fmt: skip
def certificates(query: Query) -> Rows:
    """Certificates in the bundle of trusted authorities, or in files that are named."""
    # Half of the time goes into names, validity and digest: not when nobody reads them.
    names, validity = query.uses("subject", "subject2", "issuer", "issuer2"), query.uses(*_VALIDITY)
    digest = query.uses("sha1")
    for path in _paths(query):
        data = files.read(rooted.path(query.root, path), _LARGEST)
        for one in pem.certificates(data or b""):
            certificate = x509.parse(one)
            if certificate is not None:
                yield _row(certificate, clean(path), names, validity, digest)
            if query.cancelled():
                return


def _paths(query: Query) -> Iterator[str]:
    """The files that are named, else the bundles and what the path is to be like."""
    named = query.equals("path")
    if named is not None:
        yield from (path for path in named if isinstance(path, str))
        return
    yield from _BUNDLES
    if any(operator in (LIKE, GLOB) for operator, _ in query.matching("path")):
        from leadline.tables.files import selection

        for path, entry in selection.by_path(query.root, query):
            if path not in _BUNDLES and selection.regular(query.root, path, entry):
                yield path


def _row(certificate: x509.Certificate, path: str, names: bool, validity: bool, digest: bool) -> Row:
    before, after = certificate.validity() if validity else (None, None)
    return (
        first(certificate.subject, COMMON_NAME),
        *(_names(certificate) if names else (None,) * 4),
        int(certificate.is_ca()),
        int(certificate.is_self_signed()),
        None if before is None else str(before),
        None if after is None else str(after),
        oids.long(certificate.signature_algorithm),
        oids.long(certificate.key_algorithm),
        certificate.key_strength(),
        certificate.key_usage(),
        certificate.subject_key_id(),
        certificate.authority_key_id(),
        x509.sha1(certificate) if digest else None,
        path,
        certificate.serial,
    )


def _names(certificate: x509.Certificate) -> Row:
    """Subject and issuer, each in both forms."""
    subject, issuer = certificate.subject, certificate.issuer
    names = slashed(subject), spaced(subject)
    return (*names, *(names if issuer is subject else (slashed(issuer), spaced(issuer))))
