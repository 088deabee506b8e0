"""Blocks of PEM in files that people have edited."""

from __future__ import annotations

import base64
from time import perf_counter

from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import pem


def block(data: bytes, label: str = "CERTIFICATE", newline: str = "\n", head: str = "") -> bytes:
    body = base64.encodebytes(data).decode().replace("\n", newline)
    return f"-----BEGIN {label}-----{newline}{head}{body}-----END {label}-----{newline}".encode()


def test_all_blocks_of_a_bundle_are_found_between_remarks() -> None:
    text = b"# one\n" + block(b"one") + b"\nsubject=two\n" + block(b"two", newline="\r\n") + b"the end"
    assert list(pem.certificates(text)) == [b"one", b"two"]


def test_other_labels_are_passed_over() -> None:
    text = block(b"key", "PRIVATE KEY") + block(b"one", "TRUSTED CERTIFICATE") + block(b"two", "X509 CERTIFICATE")
    assert list(pem.certificates(text)) == [b"one", b"two"]
    assert next((one.label, one.data) for one in pem.blocks(text)) == ("PRIVATE KEY", b"key")


def test_headers_stand_before_an_empty_line() -> None:
    head = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n"
    (found,) = pem.blocks(block(b"secret", "RSA PRIVATE KEY", head=head))
    assert found.headers == {"proc-type": "4,ENCRYPTED", "dek-info": "AES-128-CBC,00FF"}
    assert found.data == b"secret"


def test_a_broken_block_costs_no_other() -> None:
    broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n"
    unpadded = b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n"
    text = broken + block(b"one") + unpadded + block(b"two") + b"-----BEGIN CERTIFICATE-----"
    assert list(pem.certificates(text)) == [b"one", b"two"]


def test_a_file_without_a_block_is_one_certificate_in_der() -> None:
    assert list(pem.certificates(b"\x30\x03\x02\x01\x00")) == [b"\x30\x03\x02\x01\x00"]
    assert list(pem.certificates(b"just text")) == []
    assert list(pem.certificates(b"")) == []


def test_many_beginnings_without_an_end_are_searched_once() -> None:
    start = perf_counter()
    assert list(pem.certificates(b"-----BEGIN CERTIFICATE-----\n" * 100_000)) == []
    assert list(pem.certificates(b"\n-----BEGIN -----BEGIN " * 100_000)) == []
    assert perf_counter() - start < 2


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([b"-----BEGIN ", b"-----END ", b"CERTIFICATE", b"-----", b"\n", b"AAAA", b":", b"\xff"]))
)
def test_any_text_has_blocks_or_none(parts: list[bytes]) -> None:
    for found in pem.blocks(b"".join(parts)):
        assert isinstance(found.data, bytes)
