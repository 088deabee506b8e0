"""JSON one value at a time: what the tables' tests do not ask."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import jsontext


def items(text: str, depth: int = 100) -> list[tuple[list[str], str | None, str]]:
    return [(list(keys), value, kind) for keys, value, kind in jsontext.values(text, depth)]


def test_depth_is_counted_in_what_is_open() -> None:
    assert items("[[1]]", 2) == [(["0", "0"], "1", "number")]
    assert items("[[[]]]", 3) == [(["0", "0"], None, "array")]
    with pytest.raises(jsontext.JSONError, match="nested more than 1 deep"):
        items("[[1]]", 1)


TEXTS = [
    *('{"a\\tb" : 1}', '{"a\tb": 1}', '{"a" :1}', '{ "a"\n:\n1 }', '{"a":1 ,"b":2}', '{"a":1,}', '{"a":}', "{,}"),
    *("[,]", "[1 2]", '"\\x"', '"\\ud83d\\ude00"', "- 1", "+1", ".5", "1.", "1e", "tru", "nulll", "\u00a01"),
    *("[1]]", "{]", "[}", '["a":1]', '{"a","b"}', '{"a\\n" 1}', '{"\\q": 1}', '{"a\\n"  :  1}'),
]


@pytest.mark.parametrize("text", TEXTS)
def test_only_json_is_taken_for_json(text: str) -> None:
    def known(reader: Any) -> bool:
        try:
            reader(text)
        except ValueError:
            return False
        return True

    assert known(items) == known(json.loads)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('[]{},:"\\ \n0-1.eEtrufalsn'), max_size=12))
def test_what_the_standard_library_refuses_is_refused(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        with pytest.raises(jsontext.JSONError):
            items(text)
    else:
        assert items(text)


@pytest.mark.parametrize(
    "text",
    ['"' + "a" * 5_000_000, " " * 2_000_000, '["' + '\\"' * 1_000_000, "1" * 5_000_000 + "x", "\n1" * 300_000],
)
def test_time_grows_with_the_text_only(text: str) -> None:
    start = time.monotonic()
    try:
        for _ in jsontext.documents(text, 100):
            pass
    except jsontext.JSONError:
        pass
    assert time.monotonic() - start < 5
