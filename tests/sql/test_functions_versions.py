"""The order of versions: observed answers, examples of each flavour, and what always holds."""

from __future__ import annotations

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.sql.errors import SQLError
from leadline.sql.functions import COLLATIONS, attach, versions

CONNECTION = apsw.Connection(":memory:")
attach(CONNECTION)

VERSION = st.text("0129ab~-^.:", max_size=12)
TOTAL = [versions.version, versions.version_dpkg]
ALL = [*TOTAL, versions.version_arch, versions.version_rhel]


def compared(*arguments):
    marks = ", ".join("?" * len(arguments))
    return CONNECTION.execute(f"SELECT version_compare({marks})", arguments).fetchone()[0]


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (("1.0.0", "1.0.1"), -1),
        (("2:1.0", "1:9", "DPKG"), 1),
        (("1.0~rc1", "1.0", "DPKG"), 1),
        (("1.10", "1.9"), 1),
        (("1.0-1", "1.0-2", "RHEL"), -1),
        (("1.0", "1.0.0"), -1),
        (("", "1"), -1),
        (("6.1.0-13", "6.1.0-9", "DPKG"), 1),
        (("10:1", "9:1", "DPKG"), 1),
        (("1.0~rc1", "1.0", "RHEL"), -1),
        (("1.0~rc1", "1.0"), 1),
        (("1.0a", "1.0", "ARCH"), 1),
        (("1.0", "1.0", "DPKG"), 0),
        (("1.0^20200101", "1.0", "RHEL"), 1),
        (("1:1.0", "2.0", "RHEL"), 1),
        (("9", "10"), -1),
        (("1.0.b", "1.0.a", "ARCH"), 1),
    ],
)
def test_version_compare_answers_as_observed(arguments, answer):
    assert compared(*arguments) == answer


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (("4:1.1.0", "4:1.1.0-3", "arCH"), 0),
        (("50.4.1b", "50.4.1c"), -1),
        (("1.0.8-4", "1.0.8-6", "arch"), -1),
        (("1.0.0~rc2^2021", "1.0.0", "RHEL"), -1),
        (("1.1.0~BETA2^1", "1.1.0~CR1", "RhEl"), -1),
        (("1.0.1.1", "1.0.1^2021", "rhel"), 1),
        (("1.9.9-1ubuntu2.4", "1.9.9-1ubuntu2.3", "dpkg"), 1),
        (("1:1.2.13-2", "4.2.1", "ARCH"), 1),
        (("106.32.1", "106:32.1"), 0),
        (("1:0", "11:0", "DPKG"), -1),
        (("2:0", "1:0", "ARCH"), 1),
        (("1.0-5", "1.0", "ARCH"), 0),
        (("2-2pre", "2-2rc", "ARCH"), -1),
        (("10", "9a", "ARCH"), -1),
        (("12", "9xy", "RHEL"), -1),
        (("12", "9xy"), -1),
        (("9", "12-1"), -1),
        (("1.2", "1.1-5"), 1),
    ],
)
def test_version_compare_follows_the_flavour(arguments, answer):
    assert compared(*arguments) == answer
    left, right, *flavour = arguments
    assert compared(right, left, *flavour) == -answer


@pytest.mark.parametrize(
    ("collation", "rising"),
    [
        ("version", ["", "1", "1.0", "1.0.0-2", "1.1", "1.1.5", "1.9", "1.10", "1.13", "2", "20.102", "20.10a"]),
        ("VERSION_DPKG", ["1.0", "1.0~rc1", "1.0-1", "1.0.1", "3.0.2-0ubuntu1.8", "3.0.2-0ubuntu1.10", "1:0", "10:0"]),
        ("version_rhel", ["1.0.0~rc1", "1.0.0~rc2", "1.0.0", "1.0.1", "1.0.1^2021", "1.0.1.security1", "1:0.1"]),
        ("version_arch", ["0.23.1-9", "0.23.90-1", "1.6.1-9", "1.6.1-10", "41.1-2", "43alpha+r8+g1de47dbc-1", "1:1"]),
    ],
)  # fmt: skip
def test_collations_sort_versions(collation, rising):
    texts = sorted(rising, reverse=True)
    marks = ", ".join("(?)" for _ in texts)
    rows = CONNECTION.execute(f"SELECT * FROM (VALUES {marks}) ORDER BY 1 COLLATE {collation}", texts).fetchall()
    assert [text for (text,) in rows] == rising


def test_collations_are_listed():
    names = {name for _, name in CONNECTION.execute("PRAGMA collation_list")}
    assert set(COLLATIONS) <= names


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Must provide two version strings to compare."),
        (("1",), "Must provide two version strings to compare."),
        (("1", 2), "Must provide two version strings to compare."),
        ((None, "1"), "Must provide two version strings to compare."),
        (("1", "2", None), "The optional third parameter is not a string."),
        (("1", "2", "GEM"), "The optional third parameter does not match one of: (ARCH, DPKG, RHEL)."),
    ],
)
def test_version_compare_refuses_what_it_does_not_understand(arguments, sentence):
    with pytest.raises(SQLError) as caught:
        compared(*arguments)
    assert caught.value.message == sentence


@pytest.mark.parametrize("order", ALL)
@given(left=VERSION, right=VERSION)
def test_exchanging_the_sides_turns_the_answer_round(order, left, right):
    assert order(left, right) == -order(right, left)
    assert order(left, left) == 0


def key(text, ranked):
    """The order without a look at the rest as a key: segments by length, then by bytes, delimiters by rank."""
    parts = [text.find(":") if ranked else 0]
    segment = ""
    for character in text:
        if character in versions.RANKS:
            parts += [len(segment), segment, versions.RANKS[character] if ranked else 0]
            segment = ""
        else:
            segment += character
    return [*parts, len(segment), segment] if text else []


@given(left=VERSION, right=VERSION)
def test_plain_and_debian_versions_have_a_total_order(left, right):
    for order, ranked in ((versions.version, False), (versions.version_dpkg, True)):
        one, two = key(left, ranked), key(right, ranked)
        assert order(left, right) == (one > two) - (one < two)


@given(left=st.text(max_size=6), right=st.text(max_size=6))
def test_any_text_has_an_order(left, right):
    for name in COLLATIONS:
        row = CONNECTION.execute(f"SELECT ?1 < ?2 COLLATE {name}, ?2 < ?1 COLLATE {name}", (left, right)).fetchone()
        assert row in {(0, 0), (0, 1), (1, 0)}


def test_bytes_decide_not_characters():
    assert versions.version("é", "zz") == 1  # two bytes each, and 0xC3 is greater than z
    assert versions.version("é", "zzz") == -1
