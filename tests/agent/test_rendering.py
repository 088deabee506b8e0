from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.agent.rendering import Layout, escape, number, quote


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("plain", '"plain"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("/é\x7f\u2028", '"/é\x7f\u2028"'),
        ("\b\t\n\f\r", '"\\b\\t\\n\\f\\r"'),
        ("\x00\x1f\x0b\\u001f", '"\\u0000\\u001F\\u000B\\\\u001f"'),
    ],
)
def test_strings_are_quoted_as_rapidjson_does(text: str, quoted: str) -> None:
    assert quote(text) == quoted
    assert json.loads(quoted) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"), (1.0, "1.0"), (-2.5, "-2.5"), (1e300, "1e300"), (-1.25e300, "-1.25e300"),
        (1e16, "10000000000000000.0"),
        (123456789012345680000.0, "123456789012345680000.0"), (1e20, "100000000000000000000.0"), (1e21, "1e21"),
        (0.0001, "0.0001"), (0.00001, "0.00001"), (0.000001234, "0.000001234"), (1e-7, "1e-7"), (0.0, "0.0"),
        (1.5e-10, "1.5e-10"), (float("inf"), '"Inf"'),
    ],
)  # fmt: skip
def test_numbers_are_printed_as_rapidjson_does(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_as_the_same_real_number(value: float) -> None:
    read = json.loads(number(value))
    assert isinstance(read, float)
    assert repr(read) == repr(value)


def test_control_characters_of_differential_rows_become_visible() -> None:
    assert escape("a\nb\x1fé\x7f") == "a\\x0Ab\\x1Fé\x7f"


def test_a_layout_orders_columns_and_lets_the_last_of_one_name_win() -> None:
    columns = ("b", "a", "b")
    assert Layout(columns, alphabetical=True).text((1, None, 2.0), "") == '{"a":"","b":"2.0"}'
    assert Layout(columns, alphabetical=False).text((1, None, 2.0), "NIL") == '{"b":"2.0","a":"NIL"}'
    assert Layout(columns, alphabetical=True).typed((1, b"x\0y", 2), "") == '{"a":"x","b":2}'


CELLS = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text())


@given(st.dictionaries(st.text(), CELLS, max_size=5))
def test_rows_are_json_with_every_cell_as_text(row: dict[str, object]) -> None:
    text = Layout(tuple(row), alphabetical=False).text(tuple(row.values()), "")  # type: ignore[arg-type]
    read = json.loads(text)
    assert list(read) == list(row)
    assert all(isinstance(value, str) for value in read.values())
