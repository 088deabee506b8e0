"""The denylist as it is stored."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leadline.agent import denylist
from leadline.agent.state import State

NAMES = st.dictionaries(st.text(min_size=1, max_size=8), st.integers(1, 2**40), max_size=4)


@given(NAMES)
def test_any_name_can_be_denied(untils: dict[str, int]) -> None:
    state = State(None)
    for name, until in untils.items():
        denylist.deny(state, name, until, f"it is {name}")
    assert denylist.entries(state) == untils
    for name, until in untils.items():
        assert denylist.denied(state, name, until - 1) == until
        assert denylist.denied(state, name, until) == 0
        assert denylist.reason(state, name) == f"it is {name}"
    over = denylist.expire(state, 2**39)
    assert set(over) == {name for name, until in untils.items() if until <= 2**39}
    assert set(denylist.entries(state)) == set(untils) - set(over)
    state.close()


def test_what_osquery_wrote_is_understood() -> None:
    state = State(None)
    state.put("configurations", "failed_queries", "pack_a_b:1795500000:other:17")
    assert denylist.entries(state) == {"pack_a_b": 1795500000, "other": 17}
    for nonsense in ("", "a", "a:b", "a:1:b", ":"):
        state.put("configurations", "failed_queries", nonsense)
        assert denylist.entries(state) == ({"a": 1} if nonsense == "a:1:b" else {})
    state.close()


def test_the_mark_of_the_first_place_is_osquerys() -> None:
    state = State(None)
    denylist.begin(state, "q")
    denylist.begin(state, "r", 2)
    assert state.get("configurations", "executing_query") == "q"
    assert denylist.marks(state) == {"executing_query": "q", "executing_query.2": "r"}
    denylist.end(state)
    denylist.end(state, 2)
    assert denylist.marks(state) == {}
    state.close()
