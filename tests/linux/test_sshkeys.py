"""Private keys made by ssh-keygen and openssl, held against OpenSSL's own answers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import sshkeys

Described = tuple[bool, str, str, int, int]
KEYGEN = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not installed")

RSA = ("rsa", "", 2048, 112)
P256 = ("ec", "prime256v1", 256, 128)
P384 = ("ec", "secp384r1", 384, 192)
P521 = ("ec", "secp521r1", 521, 256)
ED25519 = ("ed25519", "", 256, 128)
DSA = ("dsa", "", 1024, 80)
UNKNOWN = ("", "", -1, -1)


def described(text: bytes) -> Described | None:
    key = sshkeys.parse(text)
    return key and (key.encrypted, key.type, key.group, key.length, key.security)


def generated(folder: Path, kind: str, bits: str, passphrase: str, form: str) -> bytes:
    path = folder / f"{kind}{bits}{form}{bool(passphrase)}"
    command = ["ssh-keygen", "-q", "-t", kind, "-b", bits, "-m", form, "-N", passphrase, "-f", str(path), "-a", "1"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"this ssh-keygen makes no {kind} keys")
    return path.read_bytes()


KINDS = [
    ("rsa", "2048", RSA), ("ecdsa", "256", P256), ("ecdsa", "384", P384),
    ("ecdsa", "521", P521), ("ed25519", "256", ED25519), ("dsa", "1024", DSA),
]  # fmt: skip


@KEYGEN
@pytest.mark.parametrize(("kind", "bits", "expected"), KINDS)
@pytest.mark.parametrize("passphrase", ["", "a secret"])
def test_a_key_in_the_format_of_openssh_is_known_with_and_without_a_passphrase(
    tmp_path: Path, kind: str, bits: str, expected: tuple[str, str, int, int], passphrase: str
) -> None:
    text = generated(tmp_path, kind, bits, passphrase, "RFC4716")
    assert b"OPENSSH PRIVATE KEY" in text
    assert described(text) == (bool(passphrase), *expected)


@KEYGEN
@pytest.mark.parametrize("form", ["PEM", "PKCS8"])
@pytest.mark.parametrize(("kind", "bits", "expected"), [one for one in KINDS if one[0] != "ed25519"])
def test_a_key_in_pem_is_known_without_a_passphrase_only(
    tmp_path: Path, libcrypto: Any, kind: str, bits: str, expected: tuple[str, str, int, int], form: str
) -> None:
    text = generated(tmp_path, kind, bits, "", form)
    assert b"OPENSSH" not in text
    assert described(text) == (False, *expected)
    assert libcrypto.private_key(text) == (expected[2], expected[3], expected[1])
    assert described(generated(tmp_path, kind, bits, "a secret", form)) == (True, *UNKNOWN)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("genrsa", "-traditional", "1024"), "rsa"),
        (("genrsa", "2047"), "rsa"),
        (("genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"), "rsa"),
        (("genpkey", "-algorithm", "ED25519"), "ed25519"),
        (("genpkey", "-algorithm", "ED448"), "ed448"),
        (("genpkey", "-algorithm", "X25519"), "x25519"),
        (("genpkey", "-algorithm", "X448"), "x448"),
        (("genpkey", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"), "dh"),
        (("genpkey", "-algorithm", "DHX", "-pkeyopt", "group:dh_2048_256"), "dh"),
    ],
)
def test_a_key_of_openssl_has_the_numbers_that_openssl_says(
    openssl: Callable[..., bytes], libcrypto: Any, arguments: tuple[str, ...], kind: str
) -> None:
    text = openssl(*arguments)
    judged = libcrypto.private_key(text)
    assert judged is not None
    bits, security, _ = judged
    found = described(text)
    assert found is not None
    assert found[:2] == (False, kind)
    assert found[3:] == (bits, security)


def curves() -> list[str]:
    listed = subprocess.run(["openssl", "ecparam", "-list_curves"], capture_output=True, check=True).stdout.decode()
    return [line.partition(":")[0].strip() for line in listed.splitlines() if ":" in line]


@pytest.mark.parametrize("form", ["SEC 1", "PKCS #8"])
def test_a_key_on_any_named_curve_has_the_numbers_that_openssl_says(
    openssl: Callable[..., bytes], libcrypto: Any, form: str
) -> None:
    for curve in curves():
        if curve.startswith(("Oakley", "SM2", "wap-")):
            continue
        if form == "SEC 1":
            text = openssl("ecparam", "-name", curve, "-genkey", "-noout")
        else:
            text = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}")
        bits, security, group = libcrypto.private_key(text)
        assert described(text) == (False, "ec", group, bits, security)


@pytest.mark.parametrize("bits", [512, 768, 1000, 1024, 1536, 2049, 2560, 5120, 7000, 8000, 12000, 16384])
def test_the_strength_of_rsa_of_odd_lengths_is_what_openssl_says(libcrypto: Any, bits: int) -> None:
    import ctypes

    rsa = ctypes.c_void_p(libcrypto.call("RSA_new"))
    number = ((1 << bits) - 1).to_bytes((bits + 7) // 8, "big")
    modulus = libcrypto.call("BN_bin2bn", number, len(number), None)
    exponent = libcrypto.call("BN_bin2bn", b"\3", 1, None)
    libcrypto.call("RSA_set0_key", rsa, ctypes.c_void_p(modulus), ctypes.c_void_p(exponent), None, gives=ctypes.c_int)
    assert sshkeys.factoring(bits) == libcrypto.call("RSA_security_bits", rsa, gives=ctypes.c_int)
    libcrypto.call("RSA_free", rsa, gives=None)


def test_a_key_behind_parameters_or_a_certificate_is_found(openssl: Callable[..., bytes]) -> None:
    with_parameters = openssl("ecparam", "-name", "prime256v1", "-genkey")
    assert b"BEGIN EC PARAMETERS" in with_parameters
    assert described(b"a remark\n" + with_parameters) == (False, *P256)


def test_a_public_key_is_no_private_one(openssl: Callable[..., bytes]) -> None:
    key = openssl("genpkey", "-algorithm", "ED25519")
    assert described(openssl("pkey", "-pubout", feed=key)) is None
    assert described(b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKWz someone\n") is None
    assert described(b"") is None


def test_an_encrypted_key_of_either_kind_is_encrypted(openssl: Callable[..., bytes]) -> None:
    key = openssl("genrsa", "1024")
    assert described(openssl("pkcs8", "-topk8", "-passout", "pass:fake", feed=key)) == (True, *UNKNOWN)
    old = openssl("rsa", "-aes128", "-passout", "pass:fake", "-traditional", feed=key)
    assert b"Proc-Type: 4,ENCRYPTED" in old
    assert described(old) == (True, *UNKNOWN)


def samples() -> list[bytes]:
    commands = [["genrsa", "1024"], ["ecparam", "-name", "prime256v1", "-genkey"], ["genpkey", "-algorithm", "ED25519"]]
    return [subprocess.run(["openssl", *one], capture_output=True, check=True).stdout for one in commands]


SAMPLES = samples()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_a_key_that_is_damaged_is_described_or_left_out(text: bytes, data: Any) -> None:
    import base64

    start, end = text.rindex(b"BEGIN"), text.rindex(b"-----END")
    head, body = text[: text.index(b"\n", start)], text[text.index(b"\n", start) : end]
    raw = bytearray(base64.b64decode(body))
    for place in data.draw(st.lists(st.integers(0, min(len(raw) - 1, 60)), max_size=3)):
        raw[place] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    found = sshkeys.parse(head + b"\n" + base64.encodebytes(bytes(raw)) + text[end:])
    assert found is None or isinstance(found.length, int)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_in_the_format_of_openssh_are_a_key_or_none(raw: bytes, magic: bool) -> None:
    import base64

    body = base64.encodebytes((b"openssh-key-v1\0" if magic else b"") + raw)
    text = b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + body + b"-----END OPENSSH PRIVATE KEY-----\n"
    found = sshkeys.parse(text)
    assert found is None or found.encrypted in (True, False)
