"""Rows as they are compared."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from leadline.agent import canonical
from leadline.agent.rendering import Layout, escape
from leadline.sql import values
from leadline.sql.schema import Value

CELLS = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(max_size=6),
    st.sampled_from(["null", "Infinity", "\n", "\\n", "a\\x0A", "%s", 'say "x"', "\x7f\u2028", "a\0b"]),
)
ROWS = st.dictionaries(st.text(max_size=5), CELLS, max_size=5)


def escaped(value: Value) -> Value:
    """What osquery does to a cell before it compares."""
    if isinstance(value, int) or (isinstance(value, float) and abs(value) != float("inf")):
        return value
    return escape(values.text(value, "NIL"))


@given(ROWS)
def test_a_row_is_the_array_of_its_cells_in_the_order_of_the_columns(row: dict[str, Value]) -> None:
    text = canonical.encoder(tuple(row), "NIL")(tuple(row.values()))
    assert json.loads(text) == [escaped(row[name]) for name in canonical.columns(tuple(row))]
    assert "\n" not in text
    assert canonical.decode(text) == json.loads(text)


@given(ROWS)
def test_a_row_is_shown_as_a_layout_shows_its_escaped_cells(row: dict[str, Value]) -> None:
    text = canonical.encoder(tuple(row), "NIL")(tuple(row.values()))
    columns = canonical.columns(tuple(row))
    layout = Layout(tuple(row), alphabetical=True)
    cells = [escaped(value) for value in row.values()]
    assert canonical.renderer(columns, numerics=True)(text) == layout.typed(cells, "")
    assert canonical.renderer(columns, numerics=False)(text) == layout.text(cells, "")


def test_of_two_columns_with_one_name_the_last_one_counts() -> None:
    names = ("b", "a", "b")
    assert canonical.columns(names) == ("a", "b")
    assert canonical.encoder(names, "")((1, 2, 3)) == "[2,3]"
    assert canonical.encoder(("a",), "")((7,)) == "[7]"
    assert canonical.encoder(("a", "a"), "")((7, 8)) == "[8]"


def test_null_is_the_text_that_stands_for_it() -> None:
    encode = canonical.encoder(("a", "b"), "")
    assert encode((None, "x")) == encode(("", "x")) == '["","x"]'
    assert encode(("null", "x")) == '["null","x"]'
    assert encode((9e999, -9e999)) == '["Inf","-Inf"]'
