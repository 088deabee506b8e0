"""What queries cost."""

from __future__ import annotations

import time

from leadline.agent import performance
from leadline.agent.performance import Cost, Meter, Performance
from leadline.agent.state import State


def test_many_short_runs_add_up() -> None:
    found = Performance()
    for _ in range(1000):
        found.add(Cost(900, 400, 100, 0), 10, 5)
    assert found.figures() == (1000, 5, 0, 900, 0, 400, 0, 100, 0, 0, 0, 10_000)
    found.add(Cost(2_100_000, 30_000, 2_000, None), 0, 6)
    assert found.figures() == (1001, 6, 3, 3000, 2100, 430, 30, 102, 2, 0, 0, 10_000)


def test_only_runs_in_which_memory_grew_tell_of_it() -> None:
    found = Performance()
    found.add(Cost(memory=1000), 0, 0)
    found.add(Cost(memory=-500), 0, 0)
    found.add(Cost(memory=None), 0, 0)
    assert (found.average_memory, found.last_memory) == (1000, 1000)
    found.add(Cost(memory=5000), 0, 0)
    assert (found.average_memory, found.last_memory) == (2000, 5000)


def test_what_cannot_be_read_counts_as_nothing() -> None:
    state = State(None)
    found = Performance()
    found.add(Cost(5000, 4000, 3000, 7), 9, 11)
    performance.save(state, "q", "SELECT 1", found)
    assert performance.load(state, "q", "SELECT 1").figures() == found.figures()
    assert performance.load(state, "q", "SELECT 2").executions == 0
    for nonsense in ("", "1,2", ",".join("x" * 13), "1,2,3,4,5,6,7,8,9,10,11,-12," + performance.mark("SELECT 1")):
        state.put("query_performance", "q", nonsense)
        assert performance.load(state, "q", "SELECT 1").executions == 0
    state.close()


def test_the_columns_are_those_of_osquery_schedule() -> None:
    found = Performance()
    found.add(Cost(5_000_000, 4000, 3000, 7), 9, 11)
    assert found.row(denylisted=True) == (1, 11, 1, 9, 5, 5000, 5000, 4, 4, 3, 3, 7, 7)


def test_a_meter_measures_this_thread_and_what_fails_too() -> None:
    meter = Meter()
    try:
        with meter:
            time.sleep(0.05)
            sum(range(2_000_000))
            raise KeyError
    except KeyError:
        pass
    assert meter.cost is not None
    assert meter.cost.wall >= 50_000
    assert 5_000 < meter.cost.user < meter.cost.wall
