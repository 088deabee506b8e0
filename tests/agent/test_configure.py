"""Loading and loading again, with files, real engines and a real state."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from leadline.agent import engines, packs
from leadline.agent.configure import Configurator
from leadline.agent.decorators import Decorators
from leadline.agent.identity import Identity
from leadline.agent.packs import Machine
from leadline.agent.runtime import AgentRuntime
from leadline.agent.state import State, open_state
from leadline.flags import Flags
from leadline.plugins.config.filesystem import Filesystem
from leadline.plugins.errors import PluginError
from leadline.plugins.kinds import PackText
from leadline.sql.engine import Engine
from leadline.sql.errors import SQLError


class Plugin:
    """A config plugin that says what the test wants."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.fetched: dict[tuple[str, str], str] = {}
        self.fails = False

    def read(self) -> dict[str, str]:
        if self.fails:
            raise PluginError("the server is away")
        return dict(self.texts)

    def packs(self, name: str, value: str) -> Sequence[PackText]:
        if self.fails or (name, value) not in self.fetched:
            raise PluginError(f"there is no pack {name}")
        return [PackText(name, f"pack {name}", self.fetched[name, value])]

    def cancel(self) -> None:
        """Nothing takes long."""


class Bench:
    """A configurator and what it needs; ``say`` makes a document the configuration."""

    def __init__(self, state: State | None = None, *arguments: str) -> None:
        self.flags = Flags()
        self.flags.parse(list(arguments))
        self.state = state or State(None)
        self.time = 1_800_000_000.0
        self.stopping = threading.Event()
        self.runtime = AgentRuntime(self.flags, Identity(self.flags, self.state))
        self.plugin = Plugin()
        self.configurator = Configurator(
            self.flags, self.state, self.plugin, self.runtime, self.stopping,
            open_engine=self.open_engine, machine=self.machine, clock=lambda: self.time,
        )  # fmt: skip

    def open_engine(self) -> Engine:
        return engines.open_engine(self.flags, self.runtime)

    def machine(self) -> Machine:
        return Machine("linux", "5.23.0", 50, self.flags.number("schedule_default_interval"), "_")

    def say(self, **document: Any) -> list[str]:
        """Load the document; what is wrong with it."""
        self.plugin.texts = {"f": json.dumps(document, indent=1)}
        return [str(problem) for problem in self.configurator.load() or ()]

    def scheduled(self) -> list[str]:
        return [query.name for query in packs.schedule(self.configurator.current, self.machine())[0]]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.open_engine() as engine:
            return list(engine.query(sql))

    def packs(self) -> dict[str, tuple[Any, ...]]:
        """Hits, executions and active of each pack."""
        sql = "SELECT name, discovery_cache_hits, discovery_executions, active FROM osquery_packs"
        return {str(row[0]): row[1:] for row in self.rows(sql)}


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.state.close()


def query(sql: str = "SELECT 1", **members: Any) -> dict[str, Any]:
    return {"query": sql, "interval": 10, **members}


def test_options_go_back_to_the_command_line_and_the_default_when_they_are_gone() -> None:
    bench = Bench(None, "--schedule_splay_percent=20", "--verbose")
    flags = bench.flags
    bench.say(options={"schedule_splay_percent": 30, "schedule_default_interval": "60", "custom_x": {"a": 1}})
    assert (flags.number("schedule_splay_percent"), flags.origin("schedule_splay_percent")) == (30, "config")
    assert flags.number("schedule_default_interval") == 60
    assert flags.text("custom_x") == '{"a": 1}'
    bench.say(options={"schedule_splay_percent": 40, "verbose": False})
    assert (flags.number("schedule_splay_percent"), flags.on("verbose")) == (40, False)
    assert (flags.number("schedule_default_interval"), flags.origin("schedule_default_interval")) == (3600, "default")
    assert flags.custom == {}
    bench.say()
    assert (flags.number("schedule_splay_percent"), flags.origin("schedule_splay_percent")) == (20, "command line")
    assert flags.on("verbose")


def test_options_that_cannot_be_set_are_named_with_their_lines(bench: Bench) -> None:
    problems = bench.say(
        options={
            "bogus": 1,
            "config_refresh": 5,
            "schedule_splay_percent": "many",
            "pack_delimiter": ["x"],
            "config_plugin": "filesystem",
            "nullvalue": "-",
            "logger_numerics": "t",
        }
    )
    assert problems == [
        "The option pack_delimiter should be a string, a number or a boolean (f:6)",
        "Cannot set unknown or invalid flag: bogus (f:3)",
        "The CLI only flag --config_refresh set via config file will be ignored, please use a flagfile or pass it to"
        " the process at startup (f:4)",
        "illegal value 'many' specified for uint64 flag 'schedule_splay_percent' (f:5)",
    ]
    assert (bench.flags.text("nullvalue"), bench.flags.on("logger_numerics")) == ("-", True)


def test_other_threads_never_see_options_on_their_way(bench: Bench) -> None:
    bench.say(options={"nullvalue": "x", "pack_refresh_interval": 1})
    seen: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.add(bench.flags.text("nullvalue"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for number in range(200):
        bench.say(options={"nullvalue": "x", "pack_refresh_interval": number + 2})
    done.set()
    watcher.join()
    assert seen == {"x"}


def test_an_unchanged_configuration_is_left_as_it_is(bench: Bench) -> None:
    bench.say(schedule={"q": query()})
    before = bench.configurator.current
    assert bench.configurator.load() is None
    assert bench.configurator.current is before


def test_a_pack_file_that_changes_is_noticed_though_the_configuration_does_not(bench: Bench) -> None:
    bench.plugin.fetched["p", "somewhere"] = json.dumps({"queries": {"a": query()}})
    bench.say(packs={"p": "somewhere"})
    assert bench.scheduled() == ["pack_p_a"]
    bench.plugin.fetched["p", "somewhere"] = json.dumps({"queries": {"b": query()}})
    assert bench.configurator.load() == []
    assert bench.scheduled() == ["pack_p_b"]
    del bench.plugin.fetched["p", "somewhere"]
    assert [str(problem) for problem in bench.configurator.load() or ()] == [
        "Pack p cannot be read: there is no pack p (f:3)"
    ]
    assert bench.scheduled() == ["pack_p_b"]
    assert bench.configurator.load() is None


def test_discovery_decides_and_is_asked_again_in_time(bench: Bench, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    there = f"SELECT 1 FROM file WHERE path = '{marker}'"
    problems = bench.say(
        schedule={"main": query()},
        packs={
            "always": {"queries": {"q": query()}},
            "sometimes": {"discovery": ["SELECT 1", there], "queries": {"q": query()}},
            "never": {"discovery": ["SELECT 1", "SELECT 1 WHERE 0"], "queries": {"q": query()}},
            "elsewhere": {"platform": "windows", "discovery": ["SELECT 1"], "queries": {"q": query()}},
            "wrong": {"discovery": ["SELECT * FROM nosuch"], "queries": {"q": query()}},
        },
    )
    assert problems == []
    assert bench.scheduled() == ["main", "pack_always_q"]
    assert bench.packs() == {
        "main": (0, 1, 1), "always": (0, 1, 1), "sometimes": (0, 1, 0), "never": (0, 1, 0), "elsewhere": (0, 0, 0),
        "wrong": (0, 1, 0),
    }  # fmt: skip
    for _ in range(3):
        assert bench.configurator.scheduled() is bench.configurator.current
    marker.touch()
    bench.time += 3599
    bench.configurator.rediscover()
    assert bench.packs()["sometimes"] == (3, 1, 0)
    bench.time += 1
    before = bench.configurator.current
    bench.configurator.rediscover()
    assert bench.configurator.current is not before
    assert bench.packs()["sometimes"] == (3, 2, 1)
    assert bench.scheduled() == ["main", "pack_always_q", "pack_sometimes_q"]
    marker.unlink()
    bench.time += 3600
    bench.configurator.rediscover()
    assert bench.scheduled() == ["main", "pack_always_q"]


def test_verdicts_outlive_a_load_that_does_not_change_the_pack(bench: Bench) -> None:
    pack = {"discovery": ["SELECT 1"], "queries": {"q": query()}}
    bench.say(packs={"p": pack})
    bench.say(packs={"p": pack}, schedule={"q": query()})
    assert bench.packs()["p"] == (0, 1, 1)
    bench.say(packs={"p": {**pack, "discovery": ["SELECT 1 WHERE 0"]}})
    assert bench.packs()["p"] == (0, 1, 0)


def test_a_pack_brings_its_sections_only_while_it_is_active(bench: Bench, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    pack = {
        "discovery": [f"SELECT 1 FROM file WHERE path = '{marker}'"],
        "options": {"nullvalue": "from the pack"},
        "views": {"v": "SELECT 1 AS a"},
        "file_paths": {"etc": ["/etc/%%"]},
    }
    bench.say(packs={"p": pack})
    assert bench.runtime.section("file_paths") is None
    marker.touch()
    bench.time += 3600
    bench.configurator.rediscover()
    assert bench.runtime.section("file_paths") == {"etc": ["/etc/%%"]}
    assert bench.flags.text("nullvalue") == "from the pack"
    assert bench.rows("SELECT * FROM v") == [(1,)]
    bench.say()
    assert bench.runtime.section("file_paths") is None
    assert bench.flags.text("nullvalue") == ""


def test_what_is_wrong_with_discovery_is_said(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    assert bench.say(packs={"p": {"discovery": "SELECT 1"}, "r": {"discovery": [1, "SELECT * FROM nosuch"]}}) == [
        "The discovery of pack p should be an array of strings (f:4)",
        "A discovery query of pack r is no string (f:8)",
    ]
    assert "Discovery query of pack r failed: no such table: nosuch: SELECT * FROM nosuch" in caplog.text


def test_views_are_in_every_engine_at_its_next_statement_and_go_again(bench: Bench) -> None:
    with bench.open_engine() as engine:
        with pytest.raises(SQLError, match="no such table: big"):
            engine.query("SELECT * FROM big")
        assert (
            bench.say(views={"big": "SELECT unix_time AS t FROM time;", "bigger": "SELECT t + 1 AS t FROM big"}) == []
        )
        ((first,),) = engine.query("SELECT t FROM bigger")
        assert isinstance(first, int)
        bench.say(views={"big": "SELECT 5 AS t"})
        assert list(engine.query("SELECT t FROM big")) == [(5,)]
        assert list(engine.query("SELECT count(*) FROM sqlite_temp_master WHERE name = 'time'")) == [(1,)]
        assert list(engine.query("SELECT t FROM big WHERE t IN (SELECT t FROM big)")) == [(5,)]
        with pytest.raises(SQLError, match="no such table: bigger"):
            engine.query("SELECT * FROM bigger")
        bench.say()
        with pytest.raises(SQLError, match="no such table: big"):
            engine.query("SELECT * FROM big")


def test_views_that_cannot_be_are_named_with_their_lines(bench: Bench) -> None:
    problems = bench.say(
        views={
            "processes": "SELECT 1", "typo": "SELEC 1", "empty": " ", "sqlite_x": "SELECT 1",
            "two": "SELECT 1 AS a; DROP VIEW good", "later": "SELECT * FROM nosuch", "good": "SELECT 1 AS a",
            'odd "name"': "SELECT 2 AS a",
        }
    )  # fmt: skip
    assert problems == [
        "The view processes has the name of a table: that is left as it is (f:3)",
        "The view empty has no SQL text (f:5)",
        "A view cannot have the name 'sqlite_x' (f:6)",
        "The view two should be one statement, not 2 (f:7)",
        "The view typo cannot be queried: no such table: typo (f:4)",
        "The view later cannot be queried: no such table: main.nosuch (f:8)",
    ]
    assert bench.rows('SELECT g.a, o.a FROM good g, "odd ""name""" o') == [(1, 2)]


def test_constructed_tables_come_change_and_go(bench: Bench, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES (7)")
    database.close()
    table = {"query": "SELECT x FROM t", "path": f"{tmp_path}/%.db", "columns": ["x"]}
    with bench.open_engine() as engine:
        assert bench.say(auto_table_construction={"mine": table}, views={"v": "SELECT x FROM mine"}) == []
        assert list(engine.query("SELECT x FROM v")) == [("7",)]
        made = bench.runtime.attachments.tables["mine"]
        bench.say(auto_table_construction={"mine": table}, schedule={})
        assert bench.runtime.attachments.tables["mine"] is made
        bench.say(auto_table_construction={"mine": {**table, "query": "SELECT x * 2 AS x FROM t"}})
        assert list(engine.query("SELECT x FROM mine")) == [("14",)]
        bench.say()
        with pytest.raises(SQLError, match="no such table: mine"):
            engine.query("SELECT x FROM mine")


def test_constructed_tables_that_cannot_be_are_named_with_their_lines() -> None:
    bench = Bench(None, "--disable_tables=off")
    table = {"query": "SELECT 1 AS x", "path": "/nowhere", "columns": ["x"]}
    problems = bench.say(
        auto_table_construction={
            "users": table,
            "bad": {"path": "/x"},
            "off": table,
            "there": {**table, "platform": "darwin"},
        }
    )
    assert problems == [
        "The table users (auto_table_construction) has another one's name: it is left out (f:3)",
        "The table bad of auto_table_construction has no query or no path: it is left out (f:10)",
    ]
    assert dict(bench.runtime.attachments.tables) == {}


def test_sections_for_tables_change_on_reload(bench: Bench) -> None:
    bench.say(prometheus_targets={"urls": ["http://localhost:1"]}, yara={"signatures": {"a": ["/a"]}})
    assert bench.runtime.section("prometheus_targets") == {"urls": ["http://localhost:1"]}
    bench.say(yara={"signatures": {"b": ["/b"]}}, feature_vectors={"character_frequencies": [0.5]})
    assert bench.runtime.section("prometheus_targets") is None
    assert bench.runtime.section("yara") == {"signatures": {"b": ["/b"]}}
    assert bench.runtime.section("feature_vectors") == {"character_frequencies": [0.5]}


def test_decorators_belong_to_their_sources_and_packs(bench: Bench) -> None:
    decorators = Decorators()

    def run(sql: str) -> list[dict[str, str]]:
        with bench.open_engine() as engine:
            return engines.few_rows(engine, sql)

    pack = {"decorators": {"load": ["SELECT 'p' AS pack"], "always": ["SELECT 3 AS often"]}}
    texts = {"a": json.dumps({"decorators": {"load": ["SELECT 1 AS a"]}, "packs": {"p": pack}}), "b": "{}"}
    bench.plugin.texts = texts
    bench.configurator.load()
    decorators.configure(bench.configurator.current, run)
    assert decorators.current == {"a": "1", "pack": "p"}
    decorators.always(run)
    assert decorators.current == {"a": "1", "pack": "p", "often": "3"}
    bench.plugin.texts = {"b": texts["b"]}
    bench.configurator.load()
    decorators.configure(bench.configurator.current, run)
    assert decorators.current == {}


def test_interval_decorators_have_lines(bench: Bench) -> None:
    bench.say(decorators={"interval": {"60": [], "90": ["SELECT 1"], "x": []}})
    decorators = Decorators()
    decorators.configure(bench.configurator.current, lambda sql: [])
    assert [str(problem) for problem in decorators.problems()] == [
        "The decorator interval 90 is not a multiple of 60 seconds and has no effect (f:5)",
        "The decorator interval x is not a multiple of 60 seconds and has no effect (f:8)",
    ]


def test_the_backup_holds_sources_and_packs_and_is_replaced_by_the_first_answer() -> None:
    state = State(None)
    first = Bench(state, "--config_enable_backup")
    first.plugin.fetched["p", "v"] = json.dumps({"queries": {"q": query()}})
    first.plugin.texts = {"f": json.dumps({"schedule": {"s": query()}, "packs": {"p": "v"}})}
    first.configurator.start_up()
    second = Bench(state, "--config_enable_backup")
    second.plugin.fails = True
    second.configurator.start_up()
    assert second.scheduled() == ["pack_p_q", "s"]
    assert second.runtime.valid
    second.plugin.fails = False
    second.plugin.texts = {"f": "{}"}
    second.configurator.refresh()
    assert second.scheduled() == []
    third = Bench(state, "--config_enable_backup")
    third.plugin.fails = True
    third.configurator.start_up()
    assert third.scheduled() == []
    without = Bench(state)
    without.plugin.fails = True
    without.configurator.start_up()
    assert without.configurator.current.texts == {}
    state.close()


def test_sources_that_extensions_push_are_used_and_the_plugins_own_win(bench: Bench) -> None:
    bench.plugin.texts = {"f": json.dumps({"schedule": {"own": query()}})}
    bench.configurator.push("pushed", json.dumps({"schedule": {"theirs": query()}}))
    bench.configurator.push("f", "{}")
    bench.configurator.load()
    assert bench.scheduled() == ["own", "theirs"]
    for number in range(62):
        bench.configurator.push(str(number), "{}")
    with pytest.raises(PluginError, match="No more than 64 sources"):
        bench.configurator.push("one more", "{}")


def test_problems_are_told_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.plugin.texts = {"f": '{"options": {"bogus": 1}}'}
    bench.configurator.refresh()
    bench.plugin.texts = {"f": '{"options": {"bogus": 1}, "schedule": {}}'}
    bench.configurator.refresh()
    assert caplog.text.count("Cannot set unknown or invalid flag: bogus") == 1
    bench.plugin.texts = {"f": "{"}
    bench.configurator.refresh()
    assert "Error parsing the config JSON" in caplog.text
    assert not bench.runtime.valid


def test_a_check_tells_everything_and_asks_no_pack(bench: Bench) -> None:
    document = {
        "schedule": {"q": query(interval=0)},
        "decorators": {"interval": {"61": []}},
        "packs": {"p": {"discovery": ["SELECT sleep(100)"], "queries": {"x": 1}}},
    }
    problems = bench.configurator.check({"f": json.dumps(document, indent=1)})
    assert [str(problem) for problem in problems] == [
        "Query has invalid interval: q: 0 (f:3)",
        "Query x of pack p should be an object (f:19)",
        "The decorator interval 61 is not a multiple of 60 seconds and has no effect (f:10)",
    ]


def test_loads_from_many_wake_ups_end_with_the_last_configuration(tmp_path: Path) -> None:
    """Files change while the thread loads: what it has at the end is what they say, and nothing was in between."""
    path = tmp_path / "osquery.conf"
    bench = Bench(None, f"--config_path={path}", "--pack_refresh_interval=1")

    class Surroundings:
        flags = bench.flags

    def write(number: int) -> None:
        document = {
            "schedule": {f"q{number}": query()},
            "options": {"nullvalue": str(number)},
            "views": {"v": f"SELECT {number} AS n"},
            "packs": {"p": {"discovery": ["SELECT 1"], "queries": {f"q{number}": query()}}},
        }
        temporary = tmp_path / "new"
        temporary.write_text(json.dumps(document))
        temporary.replace(path)

    write(0)
    configurator = bench.configurator
    configurator.plugin = Filesystem(Surroundings())  # type: ignore[arg-type]
    configurator.start_up()
    configurator.start()
    random = Random(4)
    with bench.open_engine() as engine:
        for number in range(1, 60):
            write(number)
            configurator.wake.set()
            names = [query.name for query in packs.schedule(configurator.scheduled(), bench.machine())[0]]
            assert len({name.rpartition("q")[2] for name in names}) == 1
            assert len(list(engine.query("SELECT n FROM v"))) == 1
            time.sleep(random.uniform(0, 0.01))
        end = time.monotonic() + 10
        while bench.scheduled() != ["pack_p_q59", "q59"]:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert list(engine.query("SELECT n FROM v")) == [(59,)]
    assert bench.flags.text("nullvalue") == "59"
    bench.stopping.set()
    configurator.stop()
    configurator.join(10)
    assert not configurator.is_alive()


BACKING_UP = """
import sys
sys.path.insert(0, sys.argv[2])
import test_configure
from leadline.agent.state import open_state

state, _ = open_state(sys.argv[1])
bench = test_configure.Bench(state, "--config_enable_backup")
number = 0
while True:
    number += 1
    bench.plugin.texts = {
        f"{source}{number}": '{"schedule": {"q%d": {"query": "SELECT 1"}}}' % number for source in ("a", "b", "c")
    }
    bench.configurator.refresh()
    print(number, flush=True)
"""


def test_a_backup_is_whole_whenever_the_process_is_killed(tmp_path: Path) -> None:
    random = Random(7)
    seen = set()
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", BACKING_UP, str(tmp_path), os.path.dirname(__file__)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(random.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        state, mended = open_state(str(tmp_path))
        assert mended == ""
        bench = Bench(state, "--config_enable_backup")
        bench.plugin.fails = True
        bench.configurator.start_up()
        texts = bench.configurator.current.texts
        numbers = {name[1:] for name in texts}
        assert (len(texts), len(numbers)) == (3, 1)
        (number,) = numbers
        assert bench.scheduled() == [f"q{number}"]
        seen.add(number)
        state.close()
    assert len(seen) > 1
