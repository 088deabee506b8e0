"""Extensions that the agent starts itself, and what it says of those it does not start."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leadline.extensions import autoload
from leadline.extensions.children import Children

Start = Callable[..., Any]

ONE = """
import os
from leadline.extensions import BIGINT, TEXT, Column, run, table

@table("own_process", Column("pid", BIGINT, "Process."), Column("line", TEXT, "Command line."))
def own_process(query):
    import sys
    yield os.getpid(), " ".join(sys.argv[1:])

run("one", "1", own_process)
"""


@pytest.fixture
def listing(tmp_path: Path, program: Start) -> Path:
    directory = tmp_path / "extensions"
    (directory / "below").mkdir(parents=True)
    program("extensions/below/one.ext", ONE)
    (directory / "README").write_text("no extension")
    path = tmp_path / "load"
    path.write_text(f"# comment\n; another\n\n  {directory}  \n")
    return path


def test_a_directory_of_the_list_is_read_and_its_programs_are_started(
    daemon: Start, listing: Path, tmp_path: Path
) -> None:
    running = daemon(f"--extensions_autoload={listing}", "--extensions_require=one", "--extensions_timeout=15")
    running.registered("one")
    (row,) = running.query("SELECT pid, line FROM own_process")
    assert row["line"] == f"--socket {running.socket} --timeout 15 --interval 1"
    blocked = re.search(r"SigBlk:\t(\w+)", Path(f"/proc/{row['pid']}/status").read_text())
    assert blocked is not None
    assert int(blocked[1], 16) == 0
    os.kill(int(row["pid"]), signal.SIGKILL)

    def again() -> Any:
        try:
            return running.query("SELECT pid FROM own_process")[0]["pid"] != row["pid"]
        except Exception:
            return False

    running.until(again)
    assert "was ended by signal 9; it is started again in 1 s" in running.said()
    last = running.query("SELECT pid FROM own_process")[0]["pid"]
    assert running.stop() == 0
    assert not Path(f"/proc/{last}").exists()
    assert not list(tmp_path.glob("em*"))


def test_an_extension_that_ignores_requests_to_end_is_killed(daemon: Start, program: Start, tmp_path: Path) -> None:
    source = "import signal, time; signal.signal(15, signal.SIG_IGN); open('DIR/up', 'w'); time.sleep(99)"
    deaf = program("deaf.ext", source.replace("DIR", str(tmp_path)))
    (tmp_path / "load").write_text(f"{deaf}\n")
    running = daemon(f"--extensions_autoload={tmp_path}/load")
    running.until(lambda: (tmp_path / "up").exists())
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 9
    found = subprocess.run(["pgrep", "-f", str(deaf)], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_a_required_extension_that_does_not_come_ends_the_agent(daemon: Start) -> None:
    running = daemon("--extensions_require=one,two", "--extensions_timeout=0.5")
    assert running.process.wait(15) == 78
    assert "Required extension not found or not loaded: one, two" in running.said()


def test_a_plugin_that_no_extension_offers_in_time_ends_the_agent(daemon: Start) -> None:
    running = daemon("--logger_plugin=nobody", "--extensions_timeout=0.5")
    assert running.process.wait(15) == 78
    assert "Unknown logger plugin: nobody" in running.said()


def test_without_extensions_there_is_no_socket(daemon: Start, listing: Path) -> None:
    running = daemon("--disable_extensions", f"--extensions_autoload={listing}", "--extensions_require=one")
    running.until(lambda: "Extensions are required (--extensions_require) and disabled" in running.said())
    time.sleep(0.3)
    assert running.process.poll() is None
    assert not os.path.exists(running.socket)


def test_a_socket_that_cannot_be_made_leaves_an_agent_without_extensions(daemon: Start, tmp_path: Path) -> None:
    running = daemon(f"--extensions_socket={tmp_path}/osquery.conf/em")
    running.until(lambda: "Extensions disabled: cannot start extension manager: Cannot make" in running.said())
    assert running.process.poll() is None
    assert running.stop() == 0


def test_the_configuration_of_an_extension_can_be_checked(tmp_path: Path, program: Start, osqueryd: str) -> None:
    path = program("vault.ext", """
from leadline.extensions import config, run

@config("vault")
def vault():
    return {"vault": {"schedule": {}}}

run("vault", "1", vault)
""")  # fmt: skip
    (tmp_path / "load").write_text(f"{path}\n")
    done = subprocess.run(
        [osqueryd, "--config_dump", "--config_plugin=vault", f"--extensions_autoload={tmp_path}/load",
         f"--extensions_socket={tmp_path}/em", "--extensions_timeout=15", f"--database_path={tmp_path}/db"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, '{"vault": {"schedule": {}}}\n')
    assert not list(tmp_path.glob("em*"))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: path.chmod(0o757), "others can write it (mode 0757): chmod o-w"),
        (lambda path: path.chmod(0o644), "its owner cannot execute it (mode 0644): chmod u+x"),
        (lambda path: path.unlink(), "it cannot be looked at: No such file or directory"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "it is not a regular file"),
        (lambda path: path.parent.chmod(0o1755), "its directory {directory} has the sticky bit"),
    ],
)
def test_the_check_that_failed_is_said(
    tmp_path: Path, program: Start, spoil: Callable[[Path], Any], sentence: str
) -> None:
    path = program("one.ext", ONE)
    assert autoload.wrong(str(path)) == ""
    spoil(path)
    assert autoload.wrong(str(path)).startswith(sentence.format(directory=tmp_path))
    tmp_path.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files away")
def test_a_program_of_somebody_else_is_not_started(tmp_path: Path, program: Start) -> None:
    path = program("one.ext", ONE)
    os.chown(path, 12345, 0)
    said = "it belongs to the user 12345, neither to root nor to the user of this process"
    assert autoload.wrong(str(path)) == said
    assert autoload.wrong(str(path), unsafe=True) == ""


def test_names_and_paths_are_checked_even_when_unsafe(tmp_path: Path, program: Start) -> None:
    assert autoload.wrong(str(program("one.py", ONE)), unsafe=True) == "its name does not end in .ext"
    assert autoload.wrong("one.ext", unsafe=True) == "its path is not absolute"
    assert autoload.findings(str(tmp_path / "nothing"), unsafe=False) == []


def test_what_is_not_started_is_logged(daemon: Start, program: Start, tmp_path: Path) -> None:
    path = program("one.ext", ONE)
    path.chmod(0o777)
    (tmp_path / "load").write_text(f"{path}\n")
    running = daemon(f"--extensions_autoload={tmp_path}/load")
    running.until(lambda: f"Will not autoload the extension {path}: others can write it (mode 0777)" in running.said())


def test_the_pause_between_restarts_grows(program: Start, caplog: pytest.LogCaptureFixture) -> None:
    children = Children()
    children.start(str(program("broken.ext", "raise SystemExit(3)")), [])
    end = time.monotonic() + 15
    while "in 2 s" not in caplog.text:
        assert time.monotonic() < end
        time.sleep(0.02)
    children.stop()
    assert re.findall(r"ended with code 3; it is started again in (\d) s", caplog.text) == ["1", "2"]


CHANNEL = """
import json, os
from leadline.extensions import Plugin, run

WORK = [{"queries": {"q1": "SELECT 6 * 7 AS answer", "q2": "SELECT bogus"}, "discovery": {}}]

def distributed(request):
    if request["action"] == "getQueries":
        return [{"results": json.dumps(WORK.pop() if WORK else {"queries": {}})}]
    with open(os.environ["ANSWERS"], "a") as stream:
        stream.write(request["results"] + "\\n")
    return []

def enroll(request):
    assert request["action"] == "enroll"
    return [{"node_key": "from the extension"}]

run("channel", "1", Plugin("distributed", "channel", distributed), Plugin("enroll", "keys", enroll))
"""


def test_live_queries_come_through_an_extension(
    daemon: Start, program: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = tmp_path / "answers"
    monkeypatch.setenv("ANSWERS", str(answers))
    (tmp_path / "load").write_text(f"{program('channel.ext', CHANNEL)}\n")
    running = daemon(
        f"--extensions_autoload={tmp_path}/load", "--extensions_timeout=15", "--distributed_plugin=channel",
        "--disable_distributed=false", "--distributed_interval=1", "--enroll_plugin=keys", "--distributed_workers=1",
    )  # fmt: skip
    running.until(lambda: answers.exists() and {"q1", "q2"} <= set(re.findall(r'"(q\d)":\[', answers.read_text())))
    merged: dict[str, dict[str, Any]] = {}
    for line in answers.read_text().splitlines():
        for member, values in json.loads(line).items():
            merged.setdefault(member, {}).update(values)
    assert merged["queries"]["q1"] == [{"answer": "42"}]
    assert (merged["statuses"]["q2"], merged["messages"]["q2"]) == (1, "no such column: bogus")
    (key,) = running.query("SELECT owner_uuid > 0 AS theirs FROM osquery_registry WHERE name = 'keys'")
    assert key == {"theirs": "1"}


ASKING = """
import json, sys
from leadline.extensions import TEXT, Column, run, table
from leadline.extensions.calls import Peer

@table("core", Column("request", TEXT, "Request.", required=True), Column("answer", TEXT, "Answer."))
def core(query):
    peer = Peer(sys.argv[sys.argv.index("--socket") + 1])
    for request in query.equals("request"):
        kind, item, asked = json.loads(request)
        yield request, json.dumps(peer.call(kind, item, asked))

run("asking", "1", core)
"""


def test_an_extension_may_call_the_agents_own_plugins(daemon: Start, extension: Start, tmp_path: Path) -> None:
    running = daemon()
    extension(ASKING, running.socket)
    running.registered("asking")

    def ask(kind: str, item: str, **request: str) -> Any:
        text = json.dumps([kind, item, request]).replace("'", "''")
        return json.loads(running.query(f"SELECT answer FROM core WHERE request = '{text}'")[0]["answer"])

    assert ask("sql", "sql", action="query", query="SELECT 1 AS a") == [0, "OK", [{"a": "1"}]]
    assert ask("sql", "sql", action="query", query="SELECT b") == [1, "no such column: b", []]
    assert ask("sql", "sql", action="columns", query="SELECT pid FROM processes")[2] == [
        {"n": "pid", "t": "BIGINT", "o": "0"}
    ]
    assert ask("sql", "sql", action="tables", query="SELECT * FROM processes, users")[2] == [
        {"t": "processes"}, {"t": "users"},
    ]  # fmt: skip
    columns = ask("table", "osquery_info", action="columns")[2]
    assert columns[0] == {"id": "column", "name": "pid", "type": "INTEGER", "op": "0"}
    context = json.dumps({
        "constraints": [{"name": "uid", "list": [{"op": 2, "expr": "0"}], "affinity": "BIGINT"}],
        "colsUsed": ["username", "uid"],
    })  # fmt: skip
    assert ask("table", "users", action="generate", context=context)[2] == [{"username": "root", "uid": "0"}]
    assert ask("table", "nope", action="generate")[:2] == [1, "No such table: nope"]
    assert ask("config", "filesystem", action="genConfig")[2] == [{f"{tmp_path}/osquery.conf": "{}"}]
    assert ask("config", "filesystem", action="option", name="extensions_interval")[2] == [
        {"name": "extensions_interval", "value": "1"}
    ]
    pushed = json.dumps({"views": {"theirs": "SELECT 5 AS five"}})
    assert ask("config", "update", action="update", source="theirs", data=pushed)[0] == 0
    running.until(lambda: ask("sql", "sql", action="query", query="SELECT * FROM theirs")[2] == [{"five": "5"}])
    database = {"domain": "mine", "key": "k"}
    assert ask("database", "rocksdb", action="get", **database)[0] == 1
    assert ask("database", "rocksdb", action="put", value="v", **database)[0] == 0
    assert ask("database", "rocksdb", action="get", **database)[2] == [{"v": "v"}]
    assert ask("database", "rocksdb", action="scan", domain="mine")[2] == [{"k": "k"}]
    assert ask("database", "rocksdb", action="scan", domain="configurations")[2] == []
    assert ask("database", "rocksdb", action="put", domain="mine")[:2] == [
        1, "The request to the database plugin lacks 'key'",
    ]  # fmt: skip
    assert ask("logger", "filesystem", string="a line of an extension")[0] == 0
    results = tmp_path / "log" / "osqueryd.results.log"
    running.until(lambda: results.exists() and results.read_text() == "a line of an extension\n")
    assert ask("event_publisher", "x", action="y")[:2] == [1, "Unknown registry: event_publisher"]
    assert running.stop() == 0
