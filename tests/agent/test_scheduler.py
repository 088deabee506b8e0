"""The scheduler's own threads, engines and state; only its clock is the test's."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from leadline.agent import buffer, denylist
from leadline.agent.configuration import load
from leadline.agent.decorators import Decorators
from leadline.agent.packs import Machine
from leadline.agent.scheduler import Scheduler
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.sql.engine import Attachments, Engine
from leadline.sql.schema import ALL, INTEGER, TEXT, Column, Query, Rows, table

NOON = 1_795_500_000
BUSY = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1500000) SELECT count(*) AS c FROM n"
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS c FROM n"


class Gate:
    """A table whose only row comes when the test lets it, and how many scans there were at most at once."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()
        self.lock = threading.Lock()
        self.inside = self.most = self.scans = 0

    def rows(self, query: Query) -> Rows:
        with self.lock:
            self.inside += 1
            self.scans += 1
            self.most = max(self.most, self.inside)
        self.entered.set()
        while not self.open.wait(0.01) and not query.cancelled():
            pass
        with self.lock:
            self.inside -= 1
        yield ("open",)


class Bench:
    """A scheduler whose seconds the test counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.flags = Flags()
        self.flags.set("schedule_splay_percent", "101")
        self.now = float(NOON)
        self.schedule: dict[str, Any] = {}
        self.gate = Gate()
        self.opened = 0
        self.attachments = Attachments()
        self.recorded: list[tuple[str]] = []

        @table("gate", Column("state", TEXT, "State."), platforms=ALL)
        def gate(query: Query) -> Rows:
            """The gate."""
            return self.gate.rows(query)

        @table("gate_events", Column("what", TEXT, "What."), platforms=ALL, events=True)
        def gate_events(query: Query) -> Rows:
            """What was recorded."""
            return iter(self.recorded)

        @table("schedule_rows", Column("name", TEXT, "Name."), Column("denied", INTEGER, "Denied."), platforms=ALL)
        def schedule_rows(query: Query) -> Rows:
            """The scheduler's rows."""
            for row in self.scheduler.rows():
                yield str(row[0]), row[5]

        self.attachments.attach(gate, gate_events, schedule_rows)
        self.begin()

    def begin(self) -> None:
        """A process begins."""
        self.state = State(str(self.path))
        self.stopping = threading.Event()
        self.ends: list[tuple[int, str]] = []
        self.scheduler = Scheduler(
            self.flags,
            self.state,
            Decorators(),
            open_engine=self.open_engine,
            configuration=lambda: self.configuration,
            machine=lambda: Machine("linux", "5.23.0", 50, 3600, "_"),
            loggers=lambda: ["tls"],
            identifier=lambda: "vm",
            wake_loggers=lambda: None,
            stopping=self.stopping,
            finished=lambda code, sentence: self.ends.append((code, sentence)),
            clock=lambda: self.now,
            random=Random(1),
        )
        self.engine = self.open_engine()
        self.configure()
        self.scheduler.start_up()

    def open_engine(self) -> Engine:
        self.opened += 1
        return Engine(tables={}, aliases={}, attachments=self.attachments)

    def configure(self, **queries: Any) -> None:
        """Replace the schedule."""
        self.schedule = queries or self.schedule
        self.configuration = load({"test": json.dumps({"schedule": self.schedule})})

    def second(self, step: int = 1, *, settle: bool = True) -> None:
        """The next second comes and what is due in it runs."""
        self.now += step
        ticks = self.scheduler.ticks
        ticks.before, ticks.second = ticks.second, int(self.now)
        self.scheduler.loop(self.engine)
        if settle:
            assert self.scheduler.workers.wait(20)

    def lines(self) -> list[tuple[str, int]]:
        """(name, counter) of the lines that were logged since the last call."""
        found = []
        for kind in ("result", "snapshot"):
            batch = buffer.peek(self.state, "tls", [kind], 10_000, 1 << 24)
            buffer.taken(self.state, "tls", [kind], batch.ids)
            found += [(line["name"], line["counter"]) for line in map(json.loads, batch.lines)]
        return found

    def row(self, name: str) -> dict[str, Any]:
        """What osquery_schedule says of a query."""
        names = (
            "name query interval executions last_executed denylisted output_size wall_time wall_time_ms"
            " last_wall_time_ms user_time last_user_time system_time last_system_time average_memory last_memory"
        )
        rows = [dict(zip(names.split(), row, strict=True)) for row in self.scheduler.rows()]
        (found,) = [row for row in rows if row["name"] == name]
        return found

    def end(self) -> None:
        """The process ends as it should."""
        self.stopping.set()
        self.gate.open.set()
        self.scheduler.workers.close()
        self.engine.close()
        self.state.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "agent.db")
    yield made
    made.end()


def snap(sql: str = "SELECT 1 AS a", interval: int = 1, **more: Any) -> dict[str, Any]:
    return {"query": sql, "interval": interval, "snapshot": True, **more}


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_queries_run_when_their_interval_divides_the_second(bench: Bench) -> None:
    bench.configure(three=snap(interval=3), two=snap(interval=2), one=snap(interval=1))
    ran: dict[str, list[int]] = {"one": [], "two": [], "three": []}
    for _ in range(12):
        bench.second()
        for name, _counter in bench.lines():
            ran[name].append(int(bench.now))
    for name, interval in (("one", 1), ("two", 2), ("three", 3)):
        assert ran[name] == [second for second in range(NOON + 1, NOON + 13) if second % interval == 0]


def test_with_one_worker_queries_run_in_the_order_of_their_priorities_and_names(bench: Bench) -> None:
    bench.flags.set("schedule_workers", "1")
    bench.configure(
        b=snap(), a=snap(), z=snap(interval=600_000, startup_priority=1), y=snap(interval=600_000, startup_priority=7)
    )
    bench.second()
    assert [name for name, _ in bench.lines()] == ["z", "y", "a", "b"]
    bench.second()
    assert [name for name, _ in bench.lines()] == ["a", "b"]
    assert bench.opened == 2  # the scheduler's and one for the queries
    assert not bench.scheduler.workers.threads


def test_a_slow_query_holds_up_no_other_and_never_runs_twice_at_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.configure(slow=snap("SELECT * FROM gate"), quick=snap())
    for _ in range(5):
        bench.second(settle=False)
        until(lambda: [job.name for job in bench.scheduler.workers.jobs()] == ["slow"])
        assert bench.lines() == [("quick", 0)]
    assert (bench.gate.scans, bench.gate.most) == (1, 1)
    assert caplog.text.count("slow takes longer than its interval of 1 seconds: runs are left out") == 1
    assert "quick takes longer" not in caplog.text
    bench.gate.open.set()
    assert bench.scheduler.workers.wait(10)
    assert bench.lines() == [("slow", 0)]
    bench.second()
    assert sorted(bench.lines()) == [("quick", 0), ("slow", 0)]


def test_no_query_starts_before_those_of_a_lower_startup_priority_have_ended(bench: Bench) -> None:
    bench.configure(
        a=snap(), b=snap(startup_priority=2), c=snap("SELECT * FROM gate", 600_000, startup_priority=1),
        d=snap(interval=600_000, startup_priority=1),
    )  # fmt: skip
    bench.second(settle=False)
    until(bench.gate.entered.is_set)
    until(lambda: bench.lines() == [("d", 0)])
    for _ in range(3):
        bench.second(settle=False)
        time.sleep(0.02)
        assert bench.lines() == []
    bench.gate.open.set()
    assert bench.scheduler.workers.wait(10)
    assert sorted(bench.lines()) == [("a", 0), ("b", 0), ("c", 0)]


def test_a_query_has_a_deadline_and_the_next_ones_run(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.flags.set("schedule_query_timeout", "1")
    bench.flags.set("schedule_workers", "1")
    bench.configure(a=snap(ENDLESS), b=snap())
    bench.second()
    assert bench.lines() == [("b", 0)]
    assert "Error executing scheduled query a: query timed out after 1 s" in caplog.text
    assert 900 < bench.row("a")["last_wall_time_ms"] < 5000


def test_a_failing_query_is_named_and_the_others_run(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.configure(bad=snap("SELECT * FROM nosuch"), good=snap())
    bench.second()
    assert bench.lines() == [("good", 0)]
    assert "Error executing scheduled query bad: no such table: nosuch" in caplog.text
    assert bench.ends == []


def test_a_result_that_cannot_be_stored_ends_the_program(bench: Bench) -> None:
    bench.state.connection.execute(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON lines BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    bench.configure(q=snap())
    bench.second()
    assert bench.ends == [(78, "The scheduler failed: database or disk is full")]


def test_with_the_wall_clock_runs_that_were_missed_are_made_up_for_once(bench: Bench) -> None:
    bench.flags.set("schedule_wall_clock", "true")
    bench.configure(hourly=snap(interval=3600), daily=snap(interval=86_400), often=snap(interval=7))
    bench.second()
    bench.lines()
    bench.second(3 * 3600)
    assert sorted(bench.lines()) == [("hourly", 0), ("often", 0)]
    bench.second()
    assert ("hourly", 0) not in bench.lines()
    bench.second(86_400)
    assert sorted(bench.lines()) == [("daily", 0), ("hourly", 0), ("often", 0)]


def test_a_clock_that_is_set_back_stops_no_query(bench: Bench) -> None:
    bench.flags.set("schedule_wall_clock", "true")
    bench.configure(q=snap(interval=10))
    bench.second(10)
    assert bench.lines() == [("q", 0)]
    bench.second(-7200)
    assert bench.lines() == []
    for _ in range(10):
        bench.second()
    assert bench.lines() == [("q", 0)]


@pytest.mark.parametrize("wall", [True, False])
def test_with_the_wall_clock_a_run_is_made_up_for_that_was_due_while_the_agent_was_down(
    bench: Bench, wall: bool
) -> None:
    bench.flags.set("schedule_wall_clock", str(wall).lower())
    bench.configure(daily=snap(interval=86_400), weekly=snap(interval=604_800))
    bench.now = NOON // 604_800 * 604_800 - 2
    bench.second()
    bench.second()
    assert len(bench.lines()) == 2
    bench.end()
    bench.now += 100_000
    bench.begin()
    bench.second()
    assert bench.lines() == ([("daily", 0)] if wall else [])
    bench.second()
    assert bench.lines() == []


def test_the_counter_follows_the_clock_without_running_ahead_of_it() -> None:
    """Real seconds: the scheduler as a thread, until its timeout."""
    flags = Flags()
    flags.set("schedule_timeout", "2")
    state = State(None)
    ends: list[tuple[int, str]] = []
    text = json.dumps({"schedule": {"q": snap("SELECT strftime('%s', 'now') AS s")}})
    configuration = load({"test": text})
    scheduler = Scheduler(
        flags, state, Decorators(), open_engine=lambda: Engine(tables={}, aliases={}),
        configuration=lambda: configuration, machine=lambda: Machine("linux", "5.23.0", 50, 3600, "_"),
        loggers=lambda: ["tls"], identifier=lambda: "vm", wake_loggers=lambda: None, stopping=threading.Event(),
        finished=lambda code, sentence: ends.append((code, sentence)),
    )  # fmt: skip
    began = time.monotonic()
    scheduler.start()
    scheduler.join(20)
    assert ends == [(0, "")]
    assert 2.0 < time.monotonic() - began < 6.0
    assert len(buffer.peek(state, "tls", ["snapshot"], 99, 1 << 20).ids) == 3
    state.close()


def test_statistics_are_exact_for_each_query_while_others_run(bench: Bench) -> None:
    bench.configure(idle=snap("SELECT * FROM gate", 600_000, startup_priority=1), busy=snap(BUSY, startup_priority=1))
    bench.second(settle=False)
    until(lambda: bench.lines() == [("busy", 0)])
    bench.gate.open.set()
    assert bench.scheduler.workers.wait(10)
    idle, busy = bench.row("idle"), bench.row("busy")
    assert busy["user_time"] > 50
    assert idle["wall_time_ms"] >= busy["wall_time_ms"] - 50
    assert idle["user_time"] + idle["system_time"] < busy["user_time"] / 3
    assert (busy["last_memory"], busy["average_memory"]) == (0, 0)  # nobody knows which of the two took it


def test_statistics_add_up_survive_a_restart_and_begin_anew_with_another_text(bench: Bench) -> None:
    rows = "SELECT column1 AS name FROM (VALUES ('abcd'), ('efgh'))"
    bench.configure(q=snap(rows), other=snap(BUSY, 600_000, startup_priority=1))
    for _ in range(3):
        bench.second()
    row = bench.row("q")
    assert (row["executions"], row["last_executed"], row["query"], row["interval"]) == (3, NOON + 3, rows, 1)
    assert row["output_size"] == 3 * 2 * len('{"name":"abcd"}')
    other = bench.row("other")
    assert other["wall_time_ms"] == other["last_wall_time_ms"] > 10
    assert other["wall_time_ms"] >= other["last_user_time"] - 10
    assert bench.state.get("query_performance", "other") is not None
    csv = str(bench.state.get("query_performance", "q")).split(",")
    assert [int(field) for field in csv[:2]] == [3, NOON + 3]
    assert int(csv[11]) == row["output_size"]
    bench.end()
    bench.begin()
    bench.scheduler.configure(bench.engine, bench.configuration)
    assert bench.row("q")["executions"] == 3
    assert bench.row("other") == other
    bench.second()
    assert bench.row("q")["executions"] == 4
    bench.configure(q=snap(rows + " WHERE 1"))
    bench.second()
    assert bench.row("q")["executions"] == 1
    assert bench.state.get("query_performance", "other") is None


def test_the_one_query_that_was_running_is_denylisted_for_a_day(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.configure(bad=snap(), good=snap())
    bench.second()
    denylist.begin(bench.state, "bad")
    bench.state.put("configurations", denylist.STOPPED, "Memory limits exceeded: 1 bytes")
    bench.end()
    bench.begin()
    bench.lines()
    bench.second()
    assert bench.lines() == [("good", 0)]
    assert "Scheduled query may have failed: bad" in caplog.text
    assert (
        "Scheduled query bad is denylisted until Wed Nov 25 06:00:01 2026 UTC: it was running when the agent ended"
        " without having been asked to (Memory limits exceeded: 1 bytes). Mend it, or set its option denylist to false"
    ) in caplog.text
    assert bench.state.get("configurations", "failed_queries") == f"bad:{NOON + 1 + 86_400}"
    assert bench.row("bad")["denylisted"] == 1
    assert bench.row("good")["denylisted"] == 0
    bench.end()
    bench.begin()
    bench.second()
    assert bench.lines() == [("good", 0)]
    bench.second(86_400)
    assert sorted(bench.lines()) == [("bad", 0), ("good", 0)]
    assert "Scheduled query bad is not denylisted any more" not in caplog.text  # an info message
    assert bench.row("bad")["denylisted"] == 0
    assert bench.state.get("configurations", "failed_queries") == ""


def test_the_time_for_which_a_query_is_denylisted_can_be_set(bench: Bench) -> None:
    bench.flags.set("schedule_denylist_duration", "60")
    bench.configure(bad=snap())
    denylist.begin(bench.state, "bad")
    bench.end()
    bench.begin()
    bench.second()
    bench.second(58)
    assert bench.lines() == []
    bench.second()
    assert bench.lines() == [("bad", 0)]


def test_a_query_may_be_exempt_from_the_denylist(bench: Bench) -> None:
    bench.recorded = [("x",)]
    queries = {
        "exempt": snap(denylist=False),
        "events": snap("SELECT * FROM gate_events"),
        "mixed": snap("SELECT * FROM gate_events, schedule_rows"),
        "plain": snap(),
    }
    bench.configure(**queries)
    for name in queries:
        denylist.deny(bench.state, name, NOON + 1000, "it was running")
    bench.second()
    assert sorted(bench.lines()) == [("events", 0), ("exempt", 0)]
    bench.flags.set("events_enforce_denylist", "true")
    bench.configure(**queries)
    bench.second()
    assert bench.lines() == [("exempt", 0)]


def test_without_a_watchdog_a_query_that_was_running_is_only_named(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.flags.set("disable_watchdog", "true", "command line")
    bench.configure(bad=snap())
    denylist.begin(bench.state, "bad")
    bench.end()
    bench.begin()
    bench.second()
    assert bench.lines() == [("bad", 0)]
    assert "Scheduled query may have failed: bad" in caplog.text
    assert "denylisted" not in caplog.text


def test_of_several_that_were_running_none_is_denied_but_each_runs_alone_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    sql = "SELECT * FROM gate"
    bench.configure(one=snap(sql), two=snap(sql), three=snap())
    denylist.begin(bench.state, "one")
    denylist.begin(bench.state, "two", 1)
    bench.end()
    bench.gate.open.clear()
    bench.begin()
    assert "Any of 2 scheduled queries may have been the reason: they run alone once" in caplog.text
    bench.second(settle=False)
    until(bench.gate.entered.is_set)
    time.sleep(0.05)
    assert bench.gate.inside == 1
    assert list(denylist.marks(bench.state).values()) == ["one"]
    bench.gate.open.set()
    assert bench.scheduler.workers.wait(10)
    assert sorted(bench.lines()) == [("one", 0), ("three", 0), ("two", 0)]
    assert bench.gate.most == 1
    bench.gate.open.clear()
    bench.second(settle=False)
    until(lambda: bench.gate.most == 2)


def test_the_query_that_uses_the_most_is_blamed(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.configure(
        idle=snap("SELECT * FROM gate", 600_000, startup_priority=1), busy=snap(ENDLESS, startup_priority=1)
    )
    bench.second(settle=False)
    until(bench.gate.entered.is_set)
    until(lambda: len(denylist.marks(bench.state)) == 2)
    time.sleep(0.3)
    bench.scheduler.blame()
    assert denylist.marks(bench.state) == {"executing_query": "busy"}
    assert "The watchdog stops this worker while it runs scheduled query busy" in caplog.text


def test_queries_on_events_log_all_rows_and_are_not_compared(bench: Bench) -> None:
    bench.recorded = [("a",), ("a",)]
    differential = {"query": "SELECT * FROM gate_events", "interval": 1}
    bench.configure(q=differential)
    bench.second()
    assert bench.lines() == [("q", 1), ("q", 1)]
    bench.second()
    assert bench.lines() == [("q", 2), ("q", 2)]
    bench.recorded = []
    bench.second()
    bench.recorded = [("b",)]
    bench.second()
    assert bench.lines() == [("q", 3)]
    bench.flags.set("events_optimize", "false")
    bench.second()
    assert bench.lines() == [("q", 4)]
    bench.second()
    assert bench.lines() == []


def test_engines_are_opened_anew_when_the_schedule_is_reloaded_with_its_sql(bench: Bench) -> None:
    bench.flags.set("schedule_reload", "10")
    bench.configure(q=snap())
    for _ in range(11):
        bench.second()
    assert bench.opened == 2
    bench.flags.set("schedule_reload_sql", "true")
    for _ in range(11):
        bench.second()
    assert bench.opened == 3
    assert len(bench.lines()) == 22


def test_the_end_of_the_program_ends_what_runs_and_drops_what_waits(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.configure(a=snap(ENDLESS), b=snap("SELECT * FROM gate"), c=snap())
    bench.second(settle=False)
    until(bench.gate.entered.is_set)
    began = time.monotonic()
    bench.stopping.set()
    bench.scheduler.workers.close()
    assert time.monotonic() - began < 5
    assert "Error executing" not in caplog.text
    assert denylist.marks(bench.state) == {}
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("query ")]


def test_messages_name_the_query_and_its_text_when_asked_to(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.flags.set("schedule_lognames", "true")
    bench.configure(q=snap("SELECT 7 AS a"))
    with caplog.at_level(logging.INFO):
        bench.second()
    assert "Executing scheduled query q: SELECT 7 AS a" in caplog.text


@pytest.mark.parametrize(("disabled", "expected"), [("false", 12), ("true", 33)])
def test_rows_of_cacheable_tables_are_shared_until_the_query_that_had_them_made_is_due(
    bench: Bench, disabled: str, expected: int
) -> None:
    scans: list[int] = []

    @table("counted", Column("n", INTEGER, "How often it was asked."), platforms=ALL, cacheable=True)
    def counted(query: Query) -> Rows:
        """Counted."""
        scans.append(1)
        yield (len(scans),)

    bench.attachments.attach(counted)
    bench.flags.set("schedule_workers", "1")
    bench.flags.set("disable_caching", disabled)
    bench.configure(a=snap("SELECT * FROM counted", 10), b=snap("SELECT * FROM counted", 1))
    for _ in range(30):
        bench.second()
    assert len(bench.lines()) == 33
    assert len(scans) == expected
