"""Distributed queries: several at a time, their answers in pieces, what is kept, cancelled and refused."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leadline.agent import answers, engines
from leadline.agent.answers import Answer, Kept, Spool
from leadline.agent.distributed import Distributor
from leadline.agent.identity import Identity
from leadline.agent.runtime import AgentRuntime
from leadline.agent.state import State, open_state
from leadline.agent.suspects import DENYLIST, RUNNING, SUSPECTS, Suspects, digest
from leadline.flags import Flags
from leadline.plugins.errors import RefusedError, UnreachableError
from leadline.plugins.kinds import Results, Work
from leadline.sql.errors import SQLError

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT {0} UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
Start = Callable[..., Any]


class Server:
    """A distributed plugin of its own: an extension could be one."""

    def __init__(self) -> None:
        self.work: list[Work] = []
        self.busy: list[list[str]] = []
        self.taken: list[dict[str, Any]] = []
        self.failures: list[Exception] = []
        self.sizes: list[tuple[int, int]] = []
        self.arrived = threading.Condition()

    def read(self, wait: int, running: Any) -> Work:
        self.busy.append(sorted(running))
        return self.work.pop(0) if self.work else Work({}, {}, 0, held=False)

    def write(self, results: Results) -> None:
        if self.failures:
            raise self.failures.pop(0)
        content = b"".join(results.pieces())
        with self.arrived:
            self.sizes.append((results.size, len(content)))
            self.taken.append(json.loads(b"{" + content + b"}"))
            self.arrived.notify_all()

    def cancel(self) -> None:
        pass

    def ask(self, **queries: str) -> None:
        self.work.append(Work(queries, {}, 0, held=False))

    def wait(self, count: int, timeout: float = 10) -> list[dict[str, Any]]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.taken) >= count, timeout), self.taken
            return self.taken[:count]


class Setting:
    def __init__(self, state: State) -> None:
        self.flags = Flags()
        self.flags.set("distributed_interval", "0", "command line")
        self.flags.set("disable_distributed", "false", "command line")
        self.state = state
        self.runtime = AgentRuntime(self.flags, Identity(self.flags, State(None)))
        self.server = Server()
        self.stopping = threading.Event()
        self.started: list[Distributor] = []

    def make(self) -> Distributor:
        self.stopping = threading.Event()
        made = Distributor(
            self.flags, self.state, self.server, lambda: engines.open_engine(self.flags, self.runtime), self.stopping
        )
        self.started.append(made)
        return made

    def set(self, **flags: object) -> None:
        for name, value in flags.items():
            self.flags.set(name, str(value), "command line")

    def end(self) -> None:
        self.stopping.set()
        for one in self.started:
            one.stop()
            while one.is_alive() or one.workers:
                one.interrupt()
                time.sleep(0.01)


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    state, _ = open_state(str(tmp_path / "db"))
    made = Setting(state)
    yield made
    made.end()
    state.close()


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_slow_query_does_not_keep_others_waiting(setting: Setting) -> None:
    distributor = setting.make()
    setting.server.ask(slow=ENDLESS.format(1), quick="SELECT 1 AS a", second="SELECT 2 AS a")
    distributor.start()
    taken = setting.server.wait(2)
    assert [answer["queries"] for answer in taken] == [{"quick": [{"a": "1"}]}, {"second": [{"a": "2"}]}]
    setting.server.ask(later="SELECT 3 AS a", slow=ENDLESS.format(1))
    assert setting.server.wait(3)[2]["queries"] == {"later": [{"a": "3"}]}
    assert ["slow"] in setting.server.busy
    assert list(distributor.running) == ["slow"]


def test_no_more_queries_run_at_once_than_the_flag_says(setting: Setting) -> None:
    setting.set(distributed_workers=3)
    distributor = setting.make()
    setting.server.ask(**{f"q{number}": ENDLESS.format(number) for number in range(5)})
    distributor.start()
    until(lambda: len(distributor.running) == 3)
    time.sleep(0.2)
    assert (len(distributor.running), len(distributor.waiting)) == (3, 2)


def test_threads_end_when_there_is_nothing_to_run(setting: Setting) -> None:
    distributor = setting.make()
    setting.server.ask(a="SELECT 1", b="SELECT 2", c="SELECT 3")
    distributor.start()
    setting.server.wait(3)
    until(lambda: not distributor.workers)
    assert not [thread for thread in threading.enumerate() if thread.name == "distributed query"]


def test_a_query_has_a_deadline(setting: Setting) -> None:
    setting.set(distributed_query_timeout=1)
    distributor = setting.make()
    setting.server.ask(slow=ENDLESS.format(1))
    began = time.monotonic()
    distributor.start()
    (answer,) = setting.server.wait(1)
    assert time.monotonic() - began < 5
    assert answer["statuses"] == {"slow": 9}
    assert answer["messages"] == {"slow": "query timed out after 1 s"}
    assert answer["stats"]["slow"]["wall_time_ms"] >= 1000
    assert answer["stats"]["slow"]["user_time"] > 20


def test_without_a_deadline_of_its_own_it_has_that_of_statements(setting: Setting) -> None:
    setting.set(statement_timeout=1)
    setting.make().start()
    setting.server.ask(slow=ENDLESS.format(1))
    assert setting.server.wait(1)[0]["messages"] == {"slow": "query timed out after 1 s"}


def test_the_cost_is_that_of_the_query_and_not_of_its_neighbours(setting: Setting) -> None:
    setting.set(distributed_query_timeout=2)
    setting.make().start()
    setting.server.ask(slow=ENDLESS.format(1), quick="SELECT 1")
    quick = setting.server.wait(1)[0]
    assert quick["stats"]["quick"]["user_time"] < 100


def test_a_cancelled_query_ends_without_an_answer(setting: Setting) -> None:
    setting.set(distributed_workers=1)
    distributor = setting.make()
    setting.server.ask(slow=ENDLESS.format(1), queued="SELECT 1")
    distributor.start()
    until(lambda: "slow" in distributor.running)
    setting.server.work.append(
        Work({"next": "SELECT 2 AS a"}, {}, 0, held=False, aware=True, cancel=["slow", "queued"])
    )
    assert setting.server.wait(1) == [setting.server.taken[0]]
    assert setting.server.taken[0]["queries"] == {"next": [{"a": "2"}]}
    until(lambda: not distributor.running)
    assert setting.state.items(RUNNING) == []


def test_a_server_that_counts_what_it_handed_out_is_not_asked_while_queries_run(setting: Setting) -> None:
    distributor = setting.make()
    setting.server.work.append(Work({"slow": ENDLESS.format(1)}, {}, 0, held=True))
    distributor.start()
    until(lambda: "slow" in distributor.running)
    time.sleep(0.3)
    assert len(setting.server.busy) == 1
    distributor.running["slow"].cancel()
    until(lambda: len(setting.server.busy) > 1)


def test_what_was_answered_while_the_server_wrote_its_own_answer_is_not_run_again(setting: Setting) -> None:
    distributor = setting.make()
    server = setting.server
    server.ask(a="SELECT 1 AS a")
    plain = server.read

    def crossing(wait: int, running: Any) -> Work:
        if len(server.busy) == 1:  # the second read: its answer is made before that of the agent arrives
            until(lambda: distributor.answered)
            server.ask(a="SELECT 1 AS a", b="SELECT 2 AS a")
        return plain(wait, running)

    server.read = crossing  # type: ignore[method-assign]
    distributor.start()
    taken = server.wait(2)
    until(lambda: len(server.busy) > 4)
    assert [list(answer["queries"]) for answer in taken] == [["a"], ["b"]]
    assert len(server.taken) == 2


def test_a_large_answer_costs_little_memory(setting: Setting) -> None:
    setting.make().start()
    rows = 200_000
    sql = f"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {rows}) SELECT x, hex(zeroblob(40)) AS y FROM n"  # noqa: E501
    sizes = []
    write = setting.server.write

    def measure(results: Results) -> None:
        before = resident()
        length = sum(len(piece) for piece in results.pieces())
        sizes.append((length, results.size, resident() - before))
        write(Answer("n", 1).results())

    setting.server.write = measure  # type: ignore[method-assign]
    before = resident()
    setting.server.ask(n=sql)
    setting.server.wait(1, timeout=60)
    ((length, told, grown),) = sizes
    assert length == told > 20_000_000
    assert grown < 4 << 20
    assert resident() - before < 12 << 20


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_result_that_is_too_large_is_an_error(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_ROWS", 1 << 20)
    setting.make().start()
    setting.server.ask(n="WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n")
    (answer,) = setting.server.wait(1)
    assert (answer["queries"], answer["messages"]) == ({"n": []}, {"n": "the result is larger than 1 MiB"})


@pytest.mark.parametrize("count", [0, 1, 2, 5000])
def test_a_spool_is_a_json_array(count: int, tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    for number in range(count):
        spool.add(f'{{"a":"é{number}"}}')
    spool.finish()
    for _ in range(2):  # it can be read again
        content = b"".join(spool.pieces())
        assert len(content) == spool.size
        assert json.loads(content) == [{"a": f"é{number}"} for number in range(count)]
    assert list(tmp_path.iterdir()) == []
    spool.close()


def test_a_full_disk_is_an_error_of_the_query(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    spool.file.close()
    spool.file = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115
    with pytest.raises(SQLError, match="cannot be kept until it is sent: No space left on device"):
        spool.add("x" * 100_000)
    spool.close()


def test_answers_that_cannot_be_delivered_survive_a_restart(setting: Setting) -> None:
    setting.server.failures = [UnreachableError("connect", "away")] * 100_000
    setting.make().start()
    big = "x" * 300_000
    setting.server.ask(a=f"SELECT '{big}' AS a", b="SELECT * FROM nosuch")
    until(lambda: Kept(setting.state).ids() == {"a", "b"})
    setting.end()
    assert setting.server.taken == []
    setting.server.failures = []
    setting.make().start()
    taken = {next(iter(answer["queries"])): answer for answer in setting.server.wait(2)}
    assert taken["a"]["queries"] == {"a": [{"a": big}]}
    assert taken["b"]["messages"] == {"b": "no such table: nosuch"}
    assert all(told == length for told, length in setting.server.sizes)
    until(lambda: Kept(setting.state).first() is None)
    assert list(setting.state.connection.execute("SELECT count(*) FROM answer_parts")) == [(0,)]


def test_a_query_whose_answer_waits_is_not_run_again(setting: Setting) -> None:
    distributor = setting.make()
    Kept(setting.state).add(Answer("a"))
    setting.server.ask(a="SELECT 1 AS x", b="SELECT 2 AS x")
    assert distributor.accept(setting.server.work.pop(), time.monotonic()) == 1
    until(lambda: not distributor.workers)
    assert setting.server.wait(0) == []
    assert Kept(setting.state).ids() == {"a", "b"}


def test_what_is_kept_is_bounded_in_size_and_age(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(answers, "MAX_ROWS", 10_000)
    now = [1000.0]
    kept = Kept(setting.state, lambda: now[0])
    for name in "abcd":
        kept.add(Answer(name, size=4000, rows=lambda: [b"x" * 4000]))
    assert kept.ids() == {"c", "d"}
    assert "Dropped the answer to the distributed query a" in caplog.text
    now[0] += answers.MAX_AGE
    kept.add(Answer("e"))
    kept.bound()
    assert kept.ids() == {"c", "d", "e"}
    now[0] += 1
    kept.bound()
    assert kept.ids() == {"e"}


def test_an_answer_that_the_server_will_never_take_becomes_a_failure(
    setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    setting.server.failures = [RefusedError("too large", status=413)]
    setting.make().start()
    setting.server.ask(a="SELECT 1 AS x")
    (answer,) = setting.server.wait(1)
    assert answer["statuses"] == {"a": 1}
    assert answer["messages"] == {"a": "the server did not take the answer: too large"}
    assert "The server does not take the answer to the distributed query a: too large" in caplog.text
    assert Kept(setting.state).first() is None


def test_the_one_query_that_ran_when_the_agent_ended_is_refused(setting: Setting) -> None:
    now = [1_000_000.0]
    setting.set(distributed_denylist_duration=100)
    setting.state.put(RUNNING, digest("SELECT 1"), "999999")
    suspects = Suspects(setting.flags, setting.state, lambda: now[0])
    assert suspects.denied("SELECT 1")
    assert not suspects.denied("SELECT 2")
    now[0] += 200
    assert not suspects.denied("SELECT 1")
    Suspects(setting.flags, setting.state, lambda: now[0])
    assert setting.state.items(DENYLIST) == []


def test_of_several_that_ran_the_innocent_are_not_refused(setting: Setting) -> None:
    guilty, innocent = ENDLESS.format(5), "SELECT 1 AS a"
    for sql in (guilty, innocent):
        setting.state.put(RUNNING, digest(sql), str(int(time.time())))
    distributor = setting.make()
    assert len(setting.state.items(SUSPECTS)) == 2
    setting.server.ask(innocent=innocent, guilty=guilty, other=ENDLESS.format(6))
    distributor.start()
    assert setting.server.wait(1)[0]["queries"] == {"innocent": [{"a": "1"}]}
    until(lambda: distributor.running)
    time.sleep(0.2)
    assert len(distributor.running) == 1  # the suspect waits for the others, or runs alone
    distributor.cancel(["other"])
    until(lambda: list(distributor.running) == ["guilty"])
    setting.server.ask(late="SELECT 1")
    time.sleep(0.2)
    assert [key for key, _ in setting.state.items(RUNNING)] == [digest(guilty)]
    # the process is killed here; the next one knows which it was
    again = Suspects(setting.flags, setting.state)
    assert again.denied(guilty)
    assert not again.denied(innocent)
    assert not again.suspect(innocent)
    distributor.cancel(["guilty"])


def test_a_discovery_query_that_ended_the_agent_is_not_run_again(
    setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    setting.state.put(RUNNING, digest("SELECT 5"), str(int(time.time())))
    setting.server.work.append(Work({"a": "SELECT 1"}, {"a": "SELECT 5"}, 0, held=False))
    with caplog.at_level(logging.WARNING):
        setting.make().start()
        until(lambda: "the discovery query of a is not run: it was running when the agent ended" in caplog.text)


def test_queries_are_cancelled_by_a_server_that_knows_what_runs(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    fleet.holds = fleet.aware = True
    fleet.work.append({"queries": {"slow": ENDLESS.format(1)}})
    running = daemon(*fleet.flags(tmp_path), "--distributed_interval=60", "--distributed_loginfo")
    (_, busy) = fleet.wait("/read", 2)
    assert busy.body == {"node_key": "nk1", "running": ["slow"]}
    fleet.work.append({"queries": {"quick": "SELECT 1 AS a"}})
    assert fleet.wait("/write")[0].body["queries"] == {"quick": [{"a": "1"}]}
    fleet.work.append({"queries": {}, "cancel": ["slow"]})
    running.until(lambda: "Cancelled the distributed query slow" in running.complaints())
    fleet.work.append({"queries": {"last": "SELECT 2 AS a"}})
    assert fleet.wait("/write", 2)[1].body["queries"] == {"last": [{"a": "2"}]}
    assert "slow" not in fleet.seen("/read")[-1].body.get("running", [])
    assert running.stop() == 0


def test_undelivered_answers_are_sent_by_the_next_process(fleet: Any, daemon: Start, tmp_path: Path) -> None:
    fleet.answers["/write"] += [(503, b"", {})] * 100
    fleet.work.append({"queries": {"a": "SELECT 1 AS x"}})
    running = daemon(*fleet.flags(tmp_path), "--distributed_tls_max_attempts=1")
    fleet.wait("/write", 2)
    running.process.kill()
    running.process.wait()
    count = len(fleet.seen("/write"))
    fleet.answers["/write"].clear()
    running = daemon(*fleet.flags(tmp_path))
    assert fleet.wait("/write", count + 1)[-1].body["queries"] == {"a": [{"x": "1"}]}
    assert running.stop() == 0
