from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.agent import buffer
from leadline.agent.configuration import load
from leadline.agent.decorators import Decorators
from leadline.agent.engines import few_rows
from leadline.agent.execute import Run, differential, events, snapshot
from leadline.agent.packs import Scheduled
from leadline.agent.scheduler import splay
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.sql.engine import Engine
from leadline.sql.errors import SQLError


class Bench:
    """An engine, a state and flags, and the lines that a run leaves in the buffer."""

    def __init__(self) -> None:
        self.engine = Engine(tables={}, aliases={})
        self.state = State(None)
        self.flags = Flags()
        self.time = 1795500354

    def run(self, sql: str, *, kind: str = "result", removed: bool = True) -> list[dict[str, Any]]:
        query = Scheduled("q", sql, 10, snapshot=kind == "snapshot", removed=removed, denylist=True, priority=None)
        work = {"snapshot": snapshot, "event": events, "result": differential}[kind]
        kind = "result" if kind == "event" else kind
        self.time += 1
        made = work(self.engine, self.state, self.flags, query, Run(["tls"], "vm", {}, self.time))
        batch = buffer.peek(self.state, "tls", [kind], 1000, 1 << 20)
        buffer.taken(self.state, "tls", [kind], batch.ids)
        assert made.lines == len(batch.lines)
        return [json.loads(line) for line in batch.lines]


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.engine.close()
    made.state.close()


def numbers(*values: object) -> str:
    if not values:
        return "SELECT 1 AS a WHERE 0"
    return "SELECT column1 AS a FROM (VALUES " + ", ".join(f"({value})" for value in values) + ")"


def summary(lines: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    return [(line["action"], line["columns"]["a"], line["counter"]) for line in lines]


def test_the_first_run_adds_everything_with_counter_0_and_later_ones_what_changed(bench: Bench) -> None:
    assert summary(bench.run(numbers(1, 2, 2))) == [("added", "1", 0), ("added", "2", 0), ("added", "2", 0)]
    assert bench.run(numbers(2, 1, 2)) == []
    assert summary(bench.run(numbers(2, 3, "'2'"))) == [
        ("removed", "1", 1), ("removed", "2", 1), ("added", "3", 1), ("added", "2", 1),
    ]  # fmt: skip
    assert bench.run(numbers(2, 3, "'2'")) == []
    assert summary(bench.run(numbers(3, "'2'"))) == [("removed", "2", 2)]


def test_without_removed_rows_the_counter_still_grows(bench: Bench) -> None:
    bench.run(numbers(1, 2), removed=False)
    assert bench.run(numbers(1), removed=False) == []
    assert summary(bench.run(numbers(1, 5), removed=False)) == [("added", "5", 2)]


def test_a_new_epoch_begins_again_with_counter_0(bench: Bench) -> None:
    bench.run(numbers(1))
    bench.run(numbers(2))
    bench.flags.set("schedule_epoch", "7")
    (line,) = bench.run(numbers(2))
    assert (line["action"], line["counter"], line["epoch"]) == ("added", 0, 7)
    assert bench.run(numbers(2)) == []


def test_batches_tell_of_an_empty_first_result_and_then_only_of_changes(bench: Bench) -> None:
    bench.flags.set("logger_event_type", "false")
    (line,) = bench.run("SELECT 1 AS a WHERE 0")
    assert line["diffResults"] == {"removed": [], "added": []}
    assert next(iter(line)) == "diffResults"
    (line,) = bench.run(numbers(1))
    assert line["diffResults"] == {"removed": [], "added": [{"a": "1"}]}
    assert bench.run(numbers(1)) == []


def test_an_empty_first_result_makes_no_event(bench: Bench) -> None:
    assert bench.run("SELECT 1 AS a WHERE 0") == []
    assert summary(bench.run(numbers(1))) == [("added", "1", 1)]


def test_an_unchanged_result_is_no_line_even_before_the_first_change(bench: Bench) -> None:
    bench.flags.set("logger_event_type", "false")
    assert len(bench.run("SELECT 1 AS a WHERE 0")) == 1
    assert bench.run("SELECT 1 AS a WHERE 0") == []


def test_rows_with_other_columns_are_other_rows(bench: Bench) -> None:
    bench.run("SELECT 1 AS a, 2 AS b")
    assert bench.run("SELECT 2 AS b, 1 AS a") == []
    removed, added = bench.run("SELECT 1 AS a, 2 AS c")
    assert (removed["action"], removed["columns"]) == ("removed", {"a": "1", "b": "2"})
    assert (added["action"], added["columns"]) == ("added", {"a": "1", "c": "2"})
    assert added["counter"] == 1
    assert [line["action"] for line in bench.run("SELECT 1 AS x WHERE 0")] == ["removed"]
    assert [line["action"] for line in bench.run("SELECT 1 AS y")] == ["added"]


def test_removed_rows_can_be_asked_for_later(bench: Bench) -> None:
    bench.run(numbers(1, 2, 3), removed=False)
    assert bench.state.connection.execute("SELECT count(rows) FROM contents").fetchone() == (0,)
    assert summary(bench.run(numbers(2, 3, 4))) == [("added", "4", 1)]  # what 1 looked like is not known any more
    assert summary(bench.run(numbers(3))) == [("removed", "2", 2), ("removed", "4", 2)]
    assert bench.run(numbers(), removed=False) == []
    assert summary(bench.run(numbers(5))) == [("added", "5", 4)]


def test_the_counter_of_events_starts_at_1_and_grows_with_every_run_that_has_rows(bench: Bench) -> None:
    assert summary(bench.run(numbers(1, 1), kind="event")) == [("added", "1", 1), ("added", "1", 1)]
    assert bench.run(numbers(), kind="event") == []
    assert summary(bench.run(numbers(1), kind="event")) == [("added", "1", 2)]
    assert summary(bench.run(numbers(1), kind="event")) == [("added", "1", 3)]
    bench.flags.set("schedule_epoch", "7")
    assert summary(bench.run(numbers(1), kind="event")) == [("added", "1", 1)]
    bench.flags.set("schedule_epoch", "8")
    assert bench.run(numbers(), kind="event") == []
    assert summary(bench.run(numbers(1), kind="event")) == [("added", "1", 2)]
    assert bench.state.connection.execute("SELECT count(*) FROM contents").fetchone() == (0,)


def test_the_counter_of_events_is_0_when_the_first_run_had_none(bench: Bench) -> None:
    """osquery 5.23 does so: see the line of file_events in observed.md."""
    assert bench.run(numbers(), kind="event") == []
    assert summary(bench.run(numbers(3), kind="event")) == [("added", "3", 0)]
    assert summary(bench.run(numbers(3), kind="event")) == [("added", "3", 1)]


def test_a_query_has_a_deadline_of_its_own(bench: Bench) -> None:
    bench.flags.set("schedule_query_timeout", "1")
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS a FROM n"
    with pytest.raises(SQLError, match="timed out after 1 s"):
        bench.run(endless)


SHOWN = {"NULL": '""', "char(10)": r'"\\x0A"', "x'0a'": r'"\\x0A"', r"'\x0A'": r'"\\x0A"'}
"""How values look in a line when it is not as JSON writes them."""

RESULTS = st.lists(st.sampled_from(["1", "'1'", "1.0", "''", "'é'", *SHOWN]), max_size=6)
STEPS = st.lists(st.tuples(RESULTS, st.sampled_from(["run", "restart", "epoch", "fail"])), min_size=1, max_size=8)


@settings(max_examples=80, deadline=None)
@given(STEPS)
def test_lines_are_the_naive_differences_whatever_happens_between_runs(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[list[str], str]]
) -> None:
    path = str(tmp_path_factory.mktemp("state") / "agent.db")
    engine = Engine(tables={}, aliases={})
    flags = Flags()
    flags.set("logger_numerics", "true")
    state = State(path)
    old: Counter[str] | None = None
    counter = epoch = 0
    for number, (values, happening) in enumerate(steps):
        if happening == "restart":
            state.close()
            state = State(path)
        elif happening == "epoch":
            epoch += 1
            flags.set("schedule_epoch", str(epoch))
            old = None
        sql = numbers(*values)
        query = Scheduled("q", sql, 10, snapshot=False, removed=True, denylist=True, priority=None)
        if happening == "fail":
            failing = query._replace(sql=f"{sql} UNION ALL SELECT abs(-9223372036854775808)")
            with pytest.raises(SQLError):
                differential(engine, state, flags, failing, Run(["tls"], "vm", {}, number))
            continue
        differential(engine, state, flags, query, Run(["tls"], "vm", {}, number))
        batch = buffer.peek(state, "tls", ["result"], 1000, 1 << 20)
        buffer.taken(state, "tls", ["result"], batch.ids)
        new = Counter(SHOWN.get(value, value.replace("'", '"')) for value in values)
        counter = 0 if old is None else counter + (new != old)
        before = old or Counter()
        found = [json.loads(line) for line in batch.lines]
        assert [line["action"] for line in found] == sorted((line["action"] for line in found), reverse=True)
        for action, expected in (("removed", before - new), ("added", new - before)):
            rows = Counter(
                json.dumps(line["columns"]["a"], ensure_ascii=False) for line in found if line["action"] == action
            )
            assert rows == expected
        assert {(line["epoch"], line["counter"]) for line in found} <= {(epoch, counter)}
        old = new
    state.close()
    engine.close()


def test_control_characters_are_escaped_in_differential_results_and_not_in_snapshots(bench: Bench) -> None:
    sql = "SELECT 'é' || char(10) AS a"
    assert bench.run(sql)[0]["columns"] == {"a": "é\\x0A"}
    assert bench.run(sql, kind="snapshot")[0]["snapshot"] == [{"a": "é\n"}]


def test_numerics_leave_numbers_as_numbers(bench: Bench) -> None:
    bench.flags.set("logger_numerics", "true")
    sql = "SELECT 1 AS i, 0.5 AS d, '7' AS t, NULL AS n"
    expected = {"d": 0.5, "i": 1, "n": "", "t": "7"}
    assert bench.run(sql)[0]["columns"] == expected
    assert bench.run(sql, kind="snapshot")[0]["snapshot"] == [expected]


def test_a_snapshot_is_logged_every_time_and_keeps_nothing(bench: Bench) -> None:
    for _ in range(2):
        (line,) = bench.run(numbers(1, 1), kind="snapshot")
        assert line["snapshot"] == [{"a": "1"}, {"a": "1"}]
        assert (line["action"], line["counter"]) == ("snapshot", 0)
    assert bench.state.connection.execute("SELECT count(*) FROM results").fetchone() == (0,)


def test_a_failed_query_stores_and_logs_nothing(bench: Bench) -> None:
    bench.run(numbers(1))
    with pytest.raises(SQLError):
        bench.run("SELECT abs(-9223372036854775808) AS a UNION ALL SELECT 1")
    assert bench.run(numbers(1)) == []


def test_a_changed_sql_text_is_compared_with_the_old_rows(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.run(numbers(1))
    with caplog.at_level(logging.INFO):
        assert summary(bench.run("SELECT 2 AS a")) == [("removed", "1", 1), ("added", "2", 1)]
    assert "The SQL of the scheduled query q has changed" in caplog.text


def test_the_splay_stays_within_its_percentage() -> None:
    random = Random(1)
    assert {splay(10, 10, random) for _ in range(200)} == {9, 10, 11}
    assert {splay(10, 1, random) for _ in range(200)} == {9, 10, 11}
    assert {splay(10, 101, random) for _ in range(20)} == {10}
    assert {splay(1, 100, random) for _ in range(200)} == {1, 2}
    assert splay(5, 10, random) == 5


def test_decorators_run_when_they_should_and_a_removed_source_loses_its_own(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(tables={}, aliases={})
    ran: list[str] = []

    def run(sql: str) -> list[dict[str, str]]:
        ran.append(sql)
        return few_rows(engine, sql)

    documents = {
        "a": {
            "load": ["SELECT 1 AS one, 'x' AS both"],
            "always": ["SELECT 2 AS two"],
            "interval": {"60": ["SELECT 3 AS three"], "61": []},
        },
        "b": {
            "load": [
                "SELECT 'y' AS both",
                "SELECT nonsense",
                "SELECT 1 AS many UNION ALL SELECT 2",
                "SELECT 1 AS none WHERE 0",
            ]
        },
    }
    texts = {name: json.dumps({"decorators": decorators}) for name, decorators in documents.items()}
    decorators = Decorators()
    decorators.configure(load(texts), run)
    assert decorators.current == {"one": "1", "both": "y", "many": "1"}
    assert "no such column: nonsense" in caplog.text
    assert "Multiple rows" in caplog.text
    assert [problem.sentence for problem in decorators.problems()] == [
        "The decorator interval 61 is not a multiple of 60 seconds and has no effect"
    ]
    decorators.always(run)
    decorators.interval(61, run)
    assert "three" not in decorators.current
    decorators.interval(120, run)
    assert decorators.current == {"one": "1", "both": "y", "many": "1", "two": "2", "three": "3"}
    before = len(ran)
    decorators.configure(load({"a": texts["a"]}), run)
    assert len(ran) == before
    assert decorators.current == {"one": "1", "both": "x", "two": "2", "three": "3"}
    engine.close()


def test_a_result_whose_lines_cannot_be_stored_is_found_again_by_the_next_run(bench: Bench) -> None:
    bench.run(numbers(1))
    bench.state.connection.execute(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON lines BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    with pytest.raises(apsw.ConstraintError, match="disk is full"):
        bench.run(numbers(2))
    bench.state.connection.execute("DROP TRIGGER full")
    assert summary(bench.run(numbers(2))) == [("removed", "1", 1), ("added", "2", 1)]
