"""Values out of decoded JSON, of whatever shape it is."""

from __future__ import annotations

import json
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.tables.containers import values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=12,
)
READERS = {
    values.text: str,
    values.digest: str,
    values.number: int,
    values.yes: int,
    values.real: float,
    values.moment: int,
    values.nanoseconds: int,
}


@pytest.mark.parametrize(
    ("found", "number"),
    [
        (7, 7),
        (-7, -7),
        ("7", 7),
        ("-7", -7),
        ((1 << 63) - 1, (1 << 63) - 1),
        ((1 << 64) - 1, -1),
        (1 << 64, None),
        (-(1 << 63), -(1 << 63)),
        (-(1 << 63) - 1, None),
        (7.0, None),
        (True, None),
        ("", None),
        ("-", None),
        ("7 ", None),
        ("٧", None),
        ("9" * 5000, None),
        (None, None),
        ([], None),
    ],
)
def test_numbers_fit_64_bits(found, number):
    assert values.number({"a": found}, "a") == number


@pytest.mark.parametrize(
    ("found", "text"),
    [("x", "x"), ("", ""), (5, "5"), (True, "true"), (False, "false"), (1.5, None), (None, None), ({}, None)],
)
def test_texts_are_strings_and_what_json_writes(found, text):
    assert values.text({"a": {"b": found}}, "a", "b") == text


@pytest.mark.parametrize(
    ("found", "nanoseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00.25-00:30", 1_800_250_000_000),
        ("0001-01-01T00:00:00Z", None),
        ("1970-01-01T00:00:00", None),
        ("1970-13-01T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
        (5, None),
        (None, None),
    ],
)
def test_moments_are_counted_from_the_epoch(found, nanoseconds):
    assert values.nanoseconds({"a": found}, "a") == nanoseconds


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda one: one.year > 1970))
def test_every_moment_that_is_written_is_read(written):
    assert values.moment(written.isoformat()) == int(written.replace(microsecond=0).timestamp())


@given(JSON, st.lists(st.sampled_from("abc"), max_size=3))
def test_any_document_gives_a_value_of_the_type_or_none(document, keys):
    for read, kind in READERS.items():
        found = read(document, *keys)
        assert found is None or type(found) is kind
    assert all(isinstance(one, str) for one in values.texts(document, *keys))
    assert all(isinstance(name, str) for name, _ in values.pairs(document, *keys))
    assert isinstance(values.entries(document, *keys), list)


def test_no_text_has_halves_of_characters():
    document = json.loads('{"\\ud800": ["\\udc80"], "a": "sha256:\\udfff"}')
    assert next(values.pairs(document))[0] == "\\uD800"
    assert values.texts({"b": document["\ud800"]}, "b")[0].encode() == b"\\x80"
    assert values.digest(document, "a") == "\\uDFFF"
