from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from leadline.linux.text import clean, decode


def test_valid_utf8_is_kept() -> None:
    assert decode("naïve ☃ 𝄞".encode()) == "naïve ☃ 𝄞"


def test_each_bad_byte_is_escaped_in_upper_case() -> None:
    assert decode(b"a\xff\xfeb\xc3") == "a\\xFF\\xFEb\\xC3"


def test_valid_characters_beside_bad_bytes_are_kept() -> None:
    assert decode("é".encode() + b"\x80") == "é\\x80"


def test_an_encoded_surrogate_is_no_utf8() -> None:
    assert decode(b"\xed\xb2\x80") == "\\xED\\xB2\\x80"


def test_a_name_from_the_system_is_escaped_the_same_way() -> None:
    assert clean(os.fsdecode(b"x\xe9.txt")) == "x\\xE9.txt"
    assert clean("plain") == "plain"
    assert clean("ok é") == "ok é"


def test_half_surrogates_of_json_are_spelled_out() -> None:
    assert clean("a\ud800é\udfff") == "a\\uD800é\\uDFFF"


@given(st.binary())
def test_any_bytes_become_encodable_text(data: bytes) -> None:
    decode(data).encode()
    assert clean(data.decode("utf-8", "surrogateescape")) == decode(data)
