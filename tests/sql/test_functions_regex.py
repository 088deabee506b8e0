"""regex_match and regex_split, and the two engines behind them."""

from __future__ import annotations

import time

import apsw
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leadline.sql.errors import SQLError
from leadline.sql.functions import attach
from leadline.sql.functions.backtrack import Program, Search
from leadline.sql.functions.ecmascript import RegexError
from leadline.sql.functions.pattern import resets
from leadline.sql.functions.regex import Pattern

CONNECTION = apsw.Connection(":memory:")
attach(CONNECTION)


def match(text, pattern, group=0):
    return CONNECTION.execute("SELECT regex_match(?, ?, ?)", (text, pattern, group)).fetchone()[0]


def pieces(text, pattern):
    found = []
    while (
        piece := CONNECTION.execute("SELECT regex_split(?, ?, ?)", (text, pattern, len(found))).fetchone()[0]
    ) is not None:
        found.append(piece)
    return found


@pytest.mark.parametrize(
    ("text", "pattern", "group", "answer"),
    [
        ("hello world", "(l)(o).*", 0, "lo world"),
        ("hello world", "(l)(o).*", 2, "o"),
        ("hello world", "(l)(o).*", 3, None),
        ("hello world", "(l)(o).*", -1, None),
        ("hello world", "no match", 0, None),
        ("hello world", r"(\w+) .*(or|ld)", 2, "ld"),
        ("/filesystem/path/download.extension.zip", ".+/([^./]+)", 1, "download"),
        ("hello world", "", 0, ""),
        ("foo/bar", "|", 0, ""),
        ("ac", "a(b)?c", 1, ""),
        ("a1-Z", "[[:alpha:]]+[[:digit:]]", 0, "a1"),
        ("a1-Z", "[^[:alnum:]][[:upper:]]", 0, "-Z"),
        ("a]b", r"[\]]", 0, "]"),
        ("a-b", "[a-]+", 0, "a-"),
        ("x[&&b", "[[&]+", 0, "[&&"),
        ("a\nb", "a.b", 0, None),
        ("a\rb", "a.b", 0, None),
        ("a\nb", r"a[\s\S]b", 0, "a\nb"),
        ("ab\n", "b$", 0, None),
        ("a\nb", "^b", 0, None),
        ("٣3", r"\d", 0, "3"),
        ("éa", r"\w", 0, "a"),
        ("é", ".", 0, "é"),
        ("aa", r"(a)\1", 0, "aa"),
        ("A", r"\x41", 0, "A"),
        ("é", r"\u00e9", 0, "é"),
        ("\t", r"\cI", 0, "\t"),
        ("aab", "a*?b", 0, "aab"),
        ("aab", "a+?", 0, "a"),
        ("price", "pri(?=ce)", 0, "pri"),
        ("price", "pri(?!ce)", 0, None),
        ("zaacbbbcac", "(z)((a+)?(b+)?(c))*", 4, ""),  # ECMA-262 15.10.2.5, note 3
        ("zaacbbbcac", "(z)((a+)?(b+)?(c))*", 3, "a"),
        ("baaabac", "(?=(a+))a*b\\1", 0, "aba"),  # ECMA-262 15.10.2.8, note 2
        ("", "[]|[^]", 0, None),
        ("x", "[z-a]|x", 0, "x"),
        (12345, "3.", 0, "34"),
    ],
)
def test_the_first_match_is_found(text, pattern, group, answer):
    assert match(text, pattern, group) == answer


@pytest.mark.parametrize(
    ("text", "pattern", "answer"),
    [
        ("/foo/bar", "/", ["", "foo", "bar"]),
        ("foo;;bar", ";;", ["foo", "bar"]),
        ("foo;bar//qux", "(;|/)+", ["foo", "bar", "qux"]),
        ("/filesystem/path/download.extension.zip", "(.*/)|(.extension.zip)", ["", "download"]),
        ("a1b2", "[0-9]", ["a", "b"]),
        ("ab", "", None),
        ("abc", "x", ["abc"]),
        ("", "x", [""]),
        ("ab", "|", ["", "a", "b"]),
    ],
)
def test_texts_are_split_between_matches(text, pattern, answer):
    if answer is None:
        with pytest.raises(SQLError, match=r"^Invalid input to split function$"):
            pieces(text, pattern)
    else:
        assert pieces(text, pattern) == answer


@pytest.mark.parametrize("function", ["regex_match", "regex_split"])
@pytest.mark.parametrize("arguments", [(None, "a", 0), ("a", None, 0), ("a", "a", None)])
def test_null_gives_null(function, arguments):
    assert CONNECTION.execute(f"SELECT {function}(?, ?, ?)", arguments).fetchone() == (None,)


@pytest.mark.parametrize(
    "pattern",
    [
        "[", "(/", ")", "+", "*a", "a**", "a*+", "a++", "{", "a{", "a{,2}", "a{2,1}", "a{x}", "a{3000000000}", "]", "}",
        "(?i)a", "(?P<n>a)", "(?<=a)b", "(?#c)", "(?>a)", r"\A", r"\Z", r"\q", r"\1", r"(a)\2", r"\x4", r"\xgg",
        r"\u12", r"\c1", "\\", "[a", r"[a-\d]", "[[:nope:]]", "[[:alpha:]", "[[.space.]]", "^*", r"\b+", "(?=a)*",
        "[a-", r"[\1]",
    ],
)  # fmt: skip
@pytest.mark.parametrize("find", [match, pieces])
def test_what_is_no_ecmascript_is_refused(pattern, find):
    with pytest.raises(SQLError) as caught:
        find("text", pattern)
    assert caught.value.message == "Invalid regex"


def test_long_patterns_are_refused():
    assert match("a", "|" * 256) == ""
    with pytest.raises(SQLError) as caught:
        match("a", "é" * 129)
    assert caught.value.message == "Invalid regex: too big, max size is 256 bytes"
    with pytest.raises(SQLError) as caught:
        pieces("a", "é" * 129)
    assert caught.value.message == "Invalid regex"


def test_the_longest_pattern_is_a_setting():
    connection = apsw.Connection(":memory:")
    attach(connection, regex_max_size=3)
    assert connection.execute("SELECT regex_match('abc', 'abc', 0)").fetchone() == ("abc",)
    with pytest.raises(SQLError, match="too big, max size is 3 bytes"):
        connection.execute("SELECT regex_match('abcd', 'abcd', 0)").fetchone()


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 60 + "!"),
        ("(a|aa)+$", "a" * 60 + "!"),
        (r"(\w+\s?)+$", "word " * 12 + "!"),
        ("(a*)*b", "a" * 60),
        ("(?=(a+)+$)b", "a" * 60 + "!"),
        ("((((){100}){100}){100}){100}", ""),
        ("(a|b|[ab]|.)*c", "ab" * 20),
        (".*.*.*.*x", "y" * 5000),
        (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 60),
    ],
)
def test_patterns_that_run_away_end_with_an_error(pattern, text):
    start = time.process_time()
    with pytest.raises(SQLError) as caught:
        match(text, pattern)
    assert caught.value.message == "Invalid regex"
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    ("pattern", "text", "answer"),
    [
        ("(a+)+$", "a" * 500, "a" * 500),
        (r"(\w+\s?)+", "word " * 50, "word " * 50),
        ("(/[^/]+)+", "/usr/lib" * 3000, "/usr/lib" * 3000),
        ("x(a*)*", "y" * 3000 + "xaa", "xaa"),
        (".*,", "a,b" * 20_000, ("a,b" * 20_000)[:-1]),
    ],
)
def test_long_texts_of_harmless_kind_are_matched(pattern, text, answer):
    assert match(text, pattern) == answer


def test_a_cancelled_match_ends():
    connection = apsw.Connection(":memory:")
    asked = []
    attach(connection, stopped=lambda: asked.append(1) or True)
    with pytest.raises(apsw.InterruptError):
        connection.execute("SELECT regex_match(?, '(a+)+$', 0)", ("a" * 60 + "!",)).fetchone()
    assert len(asked) == 1


LEAF = st.sampled_from(["a", "b", "1", ".", "[ab]", "[^a]", r"\d", r"\w", r"\s", "_", "[a-b1]", r"\W", r"\1"])
EDGE = st.sampled_from(["^", "$", r"\b", r"\B"])
QUANTIFIER = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,2}", "{0,3}", "{2,}", "*?", "+?", "??", "{1,3}?"])


def extended(inner):
    """Patterns made of smaller ones."""
    choice = st.lists(inner, min_size=1, max_size=3).map("|".join)
    opening = st.sampled_from(["(", "(", "(?:", "(?=", "(?!"])
    grouped = st.tuples(opening, choice, QUANTIFIER).map(
        lambda parts: f"{parts[0]}{parts[1]}){'' if parts[0] in ('(?=', '(?!') else parts[2]}"
    )
    return st.lists(st.one_of(grouped, inner), min_size=1, max_size=3).map("".join)


PATTERN = st.recursive(st.one_of(st.tuples(LEAF, QUANTIFIER).map("".join), EDGE), extended, max_leaves=8)


@given(pattern=PATTERN, text=st.text("ab1 _\n", max_size=8))
def test_both_engines_find_the_same(pattern, text):
    try:
        compiled = Pattern(pattern)
    except RegexError:
        assume(False)
    assume(len(text) <= compiled.safe and not resets(compiled.tree))
    by_python = [found.regs for found in compiled.compiled.finditer(text)]
    by_us = [tuple(spans) for spans in Search(Program(compiled.tree, compiled.groups), text, lambda: False).matches()]
    assert by_us[:1] == by_python[:1]
    assert [spans[0] for spans in by_us] == [spans[0] for spans in by_python]


@given(pattern=st.text("ab(){}[]|*+?.^$\\-:=,1dwx", max_size=12), text=st.text("ab-1", max_size=6))
def test_any_pattern_matches_or_is_refused(pattern, text):
    assert outcome(text, pattern) in {"Invalid regex", None, *substrings(text)}


def outcome(text, pattern):
    """The match or the sentence of the refusal."""
    try:
        return match(text, pattern)
    except SQLError as error:
        return error.message


def substrings(text):
    return {text[start:end] for start in range(len(text) + 1) for end in range(start, len(text) + 1)}
