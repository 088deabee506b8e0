"""The certificates table on bundles that openssl has made, and on this machine's own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT_ARGUMENTS = ("-subj", "/C=DE/O=Sea/CN=Ocean Root", "-set_serial", "0x0A", "-days", "30")
LEAF_ARGUMENTS = ("-subj", "/O=Sea, Ltd/CN=reef.sea.example", "-addext", "subjectAltName=DNS:reef.sea.example")


def request(folder: Path, name: str, *arguments: str) -> bytes:
    """A certificate in PEM; the key stays beside it."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key")
    command = ["openssl", "req", "-x509", *key, "-out", f"{name}.pem", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / f"{name}.pem").read_bytes()


@pytest.fixture
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the authority ``root`` and the certificate ``leaf`` that it has signed."""
    folder = tmp_path_factory.mktemp("authority")
    request(folder, "root", *ROOT_ARGUMENTS, "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    signed = ("-CA", "root.pem", "-CAkey", "root.key", "-addext", "basicConstraints=CA:FALSE")
    request(folder, "leaf", *LEAF_ARGUMENTS, *signed, "-addext", "keyUsage=digitalSignature,keyEncipherment")
    return folder


def test_an_authority_and_what_it_has_signed(ask, tree, authority) -> None:
    bundle = b"".join((authority / f"{name}.pem").read_bytes() for name in ("root", "leaf"))
    root = tree({"etc/ssl/certs/ca-certificates.crt": b"# both\n" + bundle})
    first, second = ask("SELECT * FROM certificates", root)
    assert second["authority_key_id"] == first["subject_key_id"]
    assert len(first["sha1"]) == 40
    kept = {name: first[name] for name in first if not name.endswith(("key_id", "sha1")) and "valid" not in name}
    assert kept == {
        "common_name": "Ocean Root",
        "subject": "/C=DE/O=Sea/CN=Ocean Root",
        "subject2": "C = DE, O = Sea, CN = Ocean Root",
        "issuer": "/C=DE/O=Sea/CN=Ocean Root",
        "issuer2": "C = DE, O = Sea, CN = Ocean Root",
        "ca": 1,
        "self_signed": 1,
        "signing_algorithm": "ecdsa-with-SHA256",
        "key_algorithm": "id-ecPublicKey",
        "key_strength": "prime256v1",
        "key_usage": "CRL Sign, Key Cert Sign",
        "path": "/etc/ssl/certs/ca-certificates.crt",
        "serial": "0A",
    }
    assert int(first["not_valid_after"]) - int(first["not_valid_before"]) == 30 * 86400
    assert (second["ca"], second["self_signed"]) == (0, 0)
    assert second["key_usage"] == "Key Encipherment, Digital Signature"
    assert second["subject2"] == 'O = "Sea, Ltd", CN = reef.sea.example'
    assert second["issuer"] == first["subject"]


def test_files_that_are_named_are_read_instead(answer, tree, authority) -> None:
    leaf, der = authority / "leaf.pem", authority / "leaf.der"
    subprocess.run(["openssl", "x509", "-in", leaf, "-outform", "DER", "-out", der], check=True)
    root = tree(
        {
            "etc/ssl/certs/ca-certificates.crt": (authority / "root.pem").read_bytes(),
            "srv/leaf.pem": (authority / "leaf.key").read_bytes() + leaf.read_bytes(),
            "srv/leaf.der": der.read_bytes(),
            "srv/none.txt": "nothing",
        }
    )
    sql = "SELECT common_name, path FROM certificates WHERE path IN ('/srv/leaf.der', '/srv/leaf.pem', '/srv/none.txt')"
    assert answer(sql, root) == [("reef.sea.example", "/srv/leaf.der"), ("reef.sea.example", "/srv/leaf.pem")]


def test_files_whose_path_is_like_a_pattern_are_read_beside_the_bundles(answer, tree, authority) -> None:
    root = tree(
        {
            "etc/ssl/certs/ca-certificates.crt": (authority / "root.pem").read_bytes(),
            "srv/deep/leaf.pem": (authority / "leaf.pem").read_bytes(),
            "srv/other.pem/": b"",
        }
    )
    assert answer("SELECT path FROM certificates WHERE path LIKE '/srv/%/%.pem'", root) == [("/srv/deep/leaf.pem",)]
    assert answer("SELECT path FROM certificates WHERE path LIKE '/srv/%%'", root) == [("/srv/deep/leaf.pem",)]
    bundle = [("/etc/ssl/certs/ca-certificates.crt",)]
    assert answer("SELECT path FROM certificates WHERE path LIKE '%ca-certificates%'", root) == bundle
    assert answer("SELECT path FROM certificates WHERE path GLOB '/etc/ssl/certs/*'", root) == bundle


def test_bundles_of_all_distributions_are_read(answer, tree, authority) -> None:
    paths = (
        "etc/pki/tls/certs/ca-bundle.crt",
        "etc/ssl/certs/ca-certificates.crt",
        "var/lib/ca-certificates/ca-bundle.pem",
    )
    root = tree({path: (authority / "root.pem").read_bytes() for path in paths})
    assert answer("SELECT path FROM certificates", root) == [(f"/{path}",) for path in paths]


def test_one_that_is_broken_costs_no_other(answer, tree, authority) -> None:
    whole = (authority / "root.pem").read_bytes()
    lines = whole.split(b"\n")
    broken = b"\n".join([*lines[:2], *lines[5:]])
    root = tree({"etc/ssl/certs/ca-certificates.crt": broken + whole + whole[:200]})
    assert answer("SELECT common_name FROM certificates", root) == [("Ocean Root",)]


def test_identifiers_are_compared_in_any_case(answer, tree, authority) -> None:
    root = tree({"etc/ssl/certs/ca-certificates.crt": (authority / "root.pem").read_bytes()})
    ((digest,),) = answer("SELECT sha1 FROM certificates", root)
    assert answer(f"SELECT serial FROM certificates WHERE sha1 = '{digest.upper()}'", root) == [("0A",)]
    assert answer("SELECT count(*) FROM certificates WHERE serial = '0a'", root) == [(1,)]


def test_the_authorities_of_this_machine_are_those_that_openssl_counts(answer) -> None:
    bundle = Path("/etc/ssl/certs/ca-certificates.crt")
    if not bundle.exists():
        pytest.skip("this machine trusts nobody")
    command = ["openssl", "crl2pkcs7", "-nocrl", "-certfile", str(bundle)]
    packed = subprocess.run(command, capture_output=True, check=True).stdout
    printed = subprocess.run(
        ["openssl", "pkcs7", "-print_certs", "-noout"], input=packed, capture_output=True, check=True
    )
    subjects = sorted(line for line in printed.stdout.decode().splitlines() if line.startswith("subject="))
    ours = answer(f"SELECT subject2 FROM certificates WHERE path = '{bundle}'")
    assert len(ours) == len(subjects) > 0
    assert answer("SELECT count(*) FROM certificates WHERE not_valid_after > 0 AND sha1 IS NOT NULL") >= [(len(ours),)]
