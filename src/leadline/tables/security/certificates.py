"""The certificates table."""

from __future__ import annotations

from leadline.linux import files, oids, pem, rooted, x509
from leadline.linux.distinguished import COMMON_NAME, first, slashed, spaced
from leadline.sql.schema import INTEGER, LINUX, TEXT, WINDOWS, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Row

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
    Column("not_valid_before", TEXT, "Start of its validity, in seconds since the epoch."),
    Column("not_valid_after", TEXT, "End of its validity, in seconds since the epoch."),
    Column("signing_algorithm", TEXT, "Algorithm of its signature."),
    Column("key_algorithm", TEXT, "Algorithm of its key."),
    Column("key_strength", TEXT, "Bits of an RSA or DSA key, name of the curve of an elliptic one."),
    Column("key_usage", TEXT, "What its key may be used for."),
    Column("subject_key_id", TEXT, "Identifier of its key, in hexadecimal.", collate="nocase"),
    Column("authority_key_id", TEXT, "Identifier of the key that signed it, in hexadecimal.", collate="nocase"),
    Column("sha1", TEXT, "SHA-1 fingerprint, in hexadecimal.", collate="nocase"),
    Column("path", TEXT, "File it stands in; name another to read it.", additional=True, optimized=True),
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
        "SELECT common_name, signing_algorithm FROM certificates WHERE signing_algorithm LIKE 'sha1%'",
    ],
    notes=(
        "The bundles of trusted authorities of Red Hat, Debian and SUSE, or the files that `path` names: PEM with any"
        " number of certificates, or one in DER. What the certificates say is shown, no signature is verified."
    ),
)  # fmt: skip
def certificates(query: Query) -> Rows:
    """Certificates in the bundle of trusted authorities, or in files that are named."""
    # Half of the time goes into names, validity and digest: not when nobody reads them.
    names, validity = query.uses("subject", "subject2", "issuer", "issuer2"), query.uses(*_VALIDITY)
    digest = query.uses("sha1")
    for path in query.equals("path") or _BUNDLES:
        if not isinstance(path, str):
            continue
        data = files.read(rooted.path(query.root, path))
        for one in pem.certificates(data or b""):
            certificate = x509.parse(one)
            if certificate is not None:
                yield _row(certificate, path, names, validity, digest)
            if query.cancelled():
                return


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
