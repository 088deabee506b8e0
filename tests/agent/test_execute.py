from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from random import Random
from typing import Any

import apsw
import pytest

from leadline.agent import buffer
from leadline.agent.configuration import load
from leadline.agent.decorators import Decorators
from leadline.agent.engines import few_rows
from leadline.agent.execute import Run, differential, snapshot
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
        work = snapshot if kind == "snapshot" else differential
        self.time += 1
        made = work(self.engine, self.state, self.flags, query, Run(["tls"], "vm", {}, self.time))
        batch = buffer.peek(self.state, "tls", [kind], 1000, 1 << 20)
        buffer.taken(self.state, "tls", [kind], batch.ids)
        assert made == sum(map(len, batch.lines))
        return [json.loads(line) for line in batch.lines]


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.engine.close()
    made.state.close()


def numbers(*values: object) -> str:
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
    assert bench.state.connection.execute("SELECT count(*) FROM queries").fetchone() == (0,)


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
