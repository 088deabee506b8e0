from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.agent import previous
from leadline.agent.differential import Difference, difference, digest, order
from leadline.agent.state import State

ROWS = st.lists(st.sampled_from([f'{{"a":{value}}}' for value in ("1", "1.0", '"1"', '""', "2", '"é"')]), max_size=12)


def naive(old: list[str], new: list[str]) -> tuple[Counter[str], Counter[str]]:
    """The multiset differences, both ways."""
    return Counter(new) - Counter(old), Counter(old) - Counter(new)


def amounts(rows: list[str]) -> dict[bytes, int]:
    return dict(Counter(digest(row) for row in rows))


@given(ROWS, ROWS)
def test_the_difference_is_that_of_multisets(old: list[str], new: list[str]) -> None:
    found = difference(amounts(old), new)
    added, removed = naive(old, new)
    assert Counter(found.added) == added
    assert found.removed == {digest(row): amount for row, amount in removed.items()}
    assert bool(found) == (Counter(old) != Counter(new))


@settings(max_examples=60)
@given(st.lists(ROWS, min_size=1, max_size=6))
def test_a_sequence_of_stored_results_reports_each_change_once(results: list[list[str]]) -> None:
    state = State(None)
    old: list[str] = []
    for number, new in enumerate(results):
        change = difference(previous.amounts(state, "q"), new)
        added, removed = naive(old, new)
        assert Counter(change.added) == added
        assert Counter(previous.removed_rows(state, "q", change.removed)) == removed
        previous.store(state, "q", previous.Record(0, number, "select 1", number), change, anew=False)
        assert previous.amounts(state, "q") == amounts(new)
        old = new
    state.close()


def test_an_integer_a_real_number_and_a_text_are_different_rows() -> None:
    assert difference(amounts(['{"a":1}']), ['{"a":1.0}']).added == ['{"a":1.0}']
    assert difference(amounts(['{"a":1}']), ['{"a":"1"}']).added == ['{"a":"1"}']


def test_removed_rows_come_in_the_order_of_typed_cells(tmp_path: Path) -> None:
    rows = ['{"a":"10"}', '{"a":2.5}', '{"a":10}', '{"a":9}', '{"a":"9"}']
    assert sorted(rows, key=order) == ['{"a":9}', '{"a":10}', '{"a":2.5}', '{"a":"10"}', '{"a":"9"}']
    state = State(str(tmp_path / "state"))
    previous.store(state, "q", previous.Record(0, 0, "", 0), Difference(rows, {}), anew=True)
    assert previous.removed_rows(state, "q", amounts(rows)) == sorted(rows, key=order)
    state.close()


def test_rows_of_queries_that_left_the_schedule_are_forgotten_after_a_week() -> None:
    state = State(None)
    for name, ran in (("old", 0), ("kept", 0), ("recent", 100)):
        previous.store(state, name, previous.Record(0, 0, "", ran), Difference(["{}"], {}), anew=True)
    assert previous.purge(state, {"kept"}, previous.RETENTION + 50) == ["old"]
    assert previous.record(state, "old") is None
    assert previous.amounts(state, "old") == {}
    assert previous.amounts(state, "recent") == amounts(["{}"])
    state.close()
