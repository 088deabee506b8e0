"""secureboot and secureboot_certificates: EFI variables with keys that are made here, and openssl as the oracle."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Ask = Callable[..., list[dict[str, Any]]]
Tree = Callable[[dict[str, str | bytes]], str]

VARIABLES = "sys/firmware/efi/efivars"
GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
DATABASE = "d719b2cb-3d3a-4596-a3bc-dad00e67656f"
ATTRIBUTES = b"\x27\0\0\0"
X509 = bytes.fromhex("a159c0a5e494a74a87b5ab155c2bf072")
SHA256 = bytes.fromhex("2616c4c14c509240aca941f936934328")


@pytest.mark.parametrize(
    ("boot", "setup", "expected"),
    [
        (b"\1", b"\0", (1, 0)),
        (b"\0", b"\1", (0, 1)),
        (b"\2", b"\xff", (-1, -1)),
        (b"", None, (None, None)),
    ],
)
def test_secureboot_has_both_switches(
    ask: Ask, tree: Tree, boot: bytes, setup: bytes | None, expected: tuple[int | None, int | None]
) -> None:
    files: dict[str, str | bytes] = {f"{VARIABLES}/SecureBoot-{GLOBAL}": ATTRIBUTES + boot}
    if setup is not None:
        files[f"{VARIABLES}/SetupMode-{GLOBAL}"] = ATTRIBUTES + setup
    [row] = ask("SELECT secure_boot, setup_mode FROM secureboot", tree(files))
    assert tuple(row.values()) == expected


def test_secureboot_is_unknown_where_the_variables_are_not_mounted(ask: Ask, tree: Tree) -> None:
    assert ask("SELECT * FROM secureboot", tree({"sys/firmware/efi/": ""})) == [
        {"secure_boot": None, "setup_mode": None}
    ]


def test_secureboot_is_for_efi(ask: Ask, tree: Tree) -> None:
    assert ask("SELECT * FROM secureboot", tree({"sys/firmware/": ""})) == []


def certificate() -> bytes:
    """A certificate of an authority with a key of its own, in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme"), x509.NameAttribute(NameOID.COMMON_NAME, "Acme UEFI CA")]
    )
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(0x0BADCAFE)
        .not_valid_before(datetime(2023, 6, 13, tzinfo=UTC))
        .not_valid_after(datetime(2038, 6, 13, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier(b"\xab" * 20), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier(b"\xab" * 20, None, None), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


def signature_list(kind: bytes, *signatures: bytes) -> bytes:
    each = 16 + len(signatures[0])
    head = struct.pack("<III", 28 + each * len(signatures), 0, each)
    return kind + head + b"".join(bytes(16) + signature for signature in signatures)


def test_secureboot_certificates_describes_allowed_and_forbidden_keys(ask: Ask, tree: Tree) -> None:
    allowed, forbidden = certificate(), certificate()
    db, dbx = f"{VARIABLES}/db-{DATABASE}", f"{VARIABLES}/dbx-{DATABASE}"
    root = tree(
        {
            db: ATTRIBUTES + signature_list(SHA256, bytes(32)) + signature_list(X509, allowed),
            dbx: ATTRIBUTES + signature_list(X509, forbidden + b"\0\0") + signature_list(X509, b"0\x82no certificate"),
        }
    )
    rows = ask("SELECT * FROM secureboot_certificates", root)
    assert [(row["path"], row["revoked"]) for row in rows] == [(f"/{db}", 0), (f"/{dbx}", 1)]
    assert [row["sha1"] for row in rows] == [
        x509.load_der_x509_certificate(one).fingerprint(hashes.SHA1()).hex() for one in (allowed, forbidden)
    ]
    rows[0].pop("sha1")
    assert rows[0] == {
        "common_name": "Acme UEFI CA",
        "subject": "/O=Acme/CN=Acme UEFI CA",
        "issuer": "/O=Acme/CN=Acme UEFI CA",
        "not_valid_before": "1686614400",
        "not_valid_after": "2160000000",
        "serial": "0BADCAFE",
        "revoked": 0,
        "path": f"/{db}",
        "is_ca": 1,
        "self_signed": 1,
        "key_usage": "CRL Sign, Key Cert Sign, Digital Signature",
        "authority_key_id": "ab" * 20,
        "subject_key_id": "ab" * 20,
        "signing_algorithm": "ecdsa-with-SHA256",
        "key_algorithm": "id-ecPublicKey",
        "key_strength": "prime256v1",
    }


def test_secureboot_certificates_agrees_with_openssl(ask: Ask, tree: Tree, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    data = certificate()
    (tmp_path / "certificate").write_bytes(data)
    options = ["-serial", "-fingerprint", "-sha1", "-dates", "-dateopt", "iso_8601", "-noout", "-inform", "DER"]
    done = subprocess.run([openssl, "x509", "-in", tmp_path / "certificate", *options], capture_output=True, text=True)
    if done.returncode:
        pytest.skip("openssl is older than 3.0")
    told = dict(line.split("=", 1) for line in done.stdout.strip().split("\n"))
    root = tree({f"{VARIABLES}/db-{DATABASE}": ATTRIBUTES + signature_list(X509, data)})
    columns = "serial, sha1, datetime(not_valid_before, 'unixepoch'), datetime(not_valid_after, 'unixepoch')"
    [row] = ask(f"SELECT {columns} FROM secureboot_certificates", root)
    fingerprint = told["sha1 Fingerprint"].replace(":", "").lower()
    dates = [told[name].removesuffix("Z") for name in ("notBefore", "notAfter")]
    assert list(row.values()) == [told["serial"], fingerprint, *dates]


@pytest.mark.parametrize("data", [b"", b"\7", ATTRIBUTES, ATTRIBUTES + b"\xff" * 100, ATTRIBUTES + X509])
def test_secureboot_certificates_of_broken_variables_are_none(ask: Ask, tree: Tree, data: bytes) -> None:
    assert ask("SELECT * FROM secureboot_certificates", tree({f"{VARIABLES}/db-{DATABASE}": data})) == []
