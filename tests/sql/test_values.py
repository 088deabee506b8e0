"""Cells as text, against SQLite's own conversion."""

from __future__ import annotations

import math
from decimal import Decimal

import apsw
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadline.sql.functions import attach
from leadline.sql.values import row, text

CONNECTION = apsw.Connection(":memory:")
attach(CONNECTION)


def cast(value):
    """What SQLite makes of a value, in the number of digits that the functions set for the connection."""
    return CONNECTION.execute("SELECT CAST(? AS TEXT)", (value,)).fetchone()[0]


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (None, ""),
        ("", ""),
        ("é", "é"),
        ("a\0b", "a"),
        (b"", ""),
        (b"\0\xff", ""),
        (b"a\xff\0b", r"a\xFF"),
        ("é€".encode(), "é€"),
        (b"\xc3", r"\xC3"),
        (0, "0"),
        (9223372036854775807, "9223372036854775807"),
        (-9223372036854775808, "-9223372036854775808"),
        (1.0, "1.0"),
        (-0.0, "0.0"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        (1e300, "1.0e+300"),
        (1.5e300, "1.5e+300"),
        (1e-5, "1.0e-05"),
        (0.0001, "0.0001"),
        (1e14, "100000000000000.0"),
        (1e15, "1.0e+15"),
        (999999999999999.9, "1.0e+15"),
        (math.pi, "3.14159265358979"),
        (-math.pi, "-3.14159265358979"),
        (5e-324, "4.94065645841247e-324"),
        (math.inf, "Inf"),
        (-math.inf, "-Inf"),
        (765893831150504.5, "765893831150505.0"),
        (-765893831150504.5, "-765893831150505.0"),
    ],
)
def test_a_cell_is_printed_as_osquery_prints_it(value, answer):
    assert text(value) == answer


def test_null_is_printed_as_asked():
    assert text(None, "NIL") == "NIL"
    assert row(("a", "b"), (None, "x"), "NIL") == {"a": "NIL", "b": "x"}


def test_a_row_keeps_the_order_of_its_columns_and_the_last_of_two_values():
    cells = row(("b", "a", "b", "c", "d"), (1, "x", 2, b"\0", "y\0z"))
    assert list(cells.items()) == [("b", "2"), ("a", "x"), ("c", ""), ("d", "y")]


def nearly_halfway(value, shown):
    """Whether a number is so near the middle of two texts that SQLite's arithmetic does not tell them apart."""
    exact = Decimal(value)
    unit = Decimal(1).scaleb(exact.adjusted() - 14)
    return abs(abs(exact - Decimal(shown)) - unit / 2) < unit / 1000


@given(
    st.one_of(
        st.floats(allow_nan=False),
        st.floats(-1e16, 1e16),
        st.integers(-(10**16), 10**16).map(lambda number: number / 8),
        st.tuples(st.integers(-(10**15), 10**15), st.integers(-20, 20)).map(lambda pair: pair[0] * 10.0 ** pair[1]),
    )
)
@example(9686974116430.625)
@example(5563142916710065.0)
@example(2.5)
def test_real_numbers_are_written_as_sqlite_writes_them(value):
    ours, sqlites = text(value), cast(value)
    assert ours == sqlites or (math.isfinite(value) and nearly_halfway(value, sqlites))


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_are_written_as_sqlite_writes_them(value):
    assert text(value) == cast(value)


@given(st.floats(allow_nan=False))
def test_joined_numbers_have_the_digits_of_a_cell(value):
    (joined,) = CONNECTION.execute("SELECT concat('<', ?, '>')", (value,)).fetchone()
    assert joined == f"<{text(value)}>"
