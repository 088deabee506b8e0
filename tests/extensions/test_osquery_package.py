"""The agent and osquery's own Python package, in both directions."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import osquery
import pytest

Start = Callable[..., Any]

TABLE = """
import json, os, osquery

@osquery.register_plugin
class Words(osquery.TablePlugin):
    def name(self):
        return "words"

    def columns(self):
        return [
            osquery.TableColumn(name="word", type=osquery.STRING),
            osquery.TableColumn(name="length", type=osquery.INTEGER),
            osquery.TableColumn(name="context", type=osquery.STRING),
        ]

    def generate(self, context):
        return [{"word": word, "length": len(word), "context": json.dumps(context)} for word in ("port", "starboard")]

@osquery.register_plugin
class Lines(osquery.LoggerPlugin):
    def name(self):
        return "lines"

    def log_string(self, value):
        with open(os.environ["LINES"], "a") as stream:
            stream.write(value + "\\n")
        return osquery.extensions.ttypes.ExtensionStatus(code=0, message="OK")

@osquery.register_plugin
class Settings(osquery.ConfigPlugin):
    def name(self):
        return "settings"

    def content(self):
        return [{"one": json.dumps({"schedule": {"w": {"query": "SELECT word FROM words", "interval": 1}}})}]

osquery.start_extension(name="sample", version="1.2.3")
"""


def test_the_packages_client_asks_the_agent(daemon: Start, client: Start) -> None:
    running = daemon()
    manager = client(running.socket)
    answer = manager.query("SELECT 1 AS one, NULL AS nil, 'ü' AS text")
    assert (answer.status.code, answer.status.message, answer.status.uuid) == (0, "OK", 0)
    assert answer.response == [{"one": "1", "nil": "", "text": "ü"}]
    assert manager.query("SELECT 1 AS a; SELECT 2 AS b").response == [{"a": "1"}, {"b": "2"}]
    refused = manager.query("SELECT bogus")
    assert (refused.status.code, refused.status.message, refused.response) == (1, "no such column: bogus", [])
    columns = manager.getQueryColumns("SELECT pid, name FROM processes")
    assert columns.response == [{"pid": "BIGINT"}, {"name": "TEXT"}]
    assert manager.getQueryColumns("SELECT nope").status.code == 1
    assert (manager.ping().code, manager.ping().message, manager.ping().uuid) == (0, "pong", 0)
    option = manager.options()["extensions_interval"]
    assert (option.value, option.default_value, option.type) == ("1", "3", "string")
    assert manager.extensions() == {}
    assert manager.deregisterExtension(7).message == "No extension UUID found"
    assert manager.shutdown() is None
    assert manager.ping().code == 0


def test_the_packages_extension_extends_the_agent(daemon: Start, extension: Start) -> None:
    running = daemon()
    started = extension(TABLE, running.socket)
    uuid = running.registered("sample")
    assert running.query("SELECT word, length, typeof(length) AS t FROM words ORDER BY length DESC") == [
        {"word": "starboard", "length": "9", "t": "integer"}, {"word": "port", "length": "4", "t": "integer"},
    ]  # fmt: skip
    assert running.query("SELECT * FROM osquery_extensions WHERE uuid > 0") == [
        {"uuid": str(uuid), "name": "sample", "version": "1.2.3", "sdk_version": "3.0.7",
         "path": f"{running.socket}.{uuid}", "type": "extension"},
    ]  # fmt: skip
    assert running.query("SELECT registry, name, owner_uuid FROM osquery_registry WHERE owner_uuid > 0") == [
        {"registry": kind, "name": name, "owner_uuid": str(uuid)}
        for kind, name in (("table", "words"), ("logger", "lines"), ("config", "settings"))
    ]
    started.kill()
    running.until(lambda: not running.peer.extensions())
    assert f"Extension UUID {uuid} (sample) has gone away" in running.said()
    with pytest.raises(Exception, match="no such table: words"):
        running.query("SELECT * FROM words")
    assert not Path(f"{running.socket}.{uuid}").exists()
    extension(TABLE, running.socket)
    assert running.registered("sample") != 0
    assert len(running.query("SELECT * FROM words")) == 2


def test_the_context_is_osquerys(daemon: Start, extension: Start) -> None:
    running = daemon()
    extension(TABLE, running.socket)
    running.registered("sample")

    def context(where: str) -> Any:
        return json.loads(running.query(f"SELECT context FROM words WHERE {where}")[0]["context"])

    nothing = {"name": "context", "list": [], "affinity": "TEXT"}
    assert context("word = 'port'") == {
        "constraints": [
            nothing,
            {"name": "length", "list": [], "affinity": "INTEGER"},
            {"name": "word", "list": [{"op": 2, "expr": "port"}], "affinity": "TEXT"},
        ],
        "colsUsed": ["word", "context"],
        "colsUsedBitset": 0b101,
    }
    lengths = context("length > 3 AND length <= 9 AND word LIKE '%o%' AND word > 'a'")["constraints"]
    assert lengths[1]["list"] == [{"op": 4, "expr": "3"}, {"op": 8, "expr": "9"}]
    assert lengths[2]["list"] == [{"op": 65, "expr": "%o%"}]
    assert context("word IN ('port', 'none')")["constraints"][2]["list"] == [{"op": 2, "expr": "port"}]
    assert context("length = 4 OR word = ''")["constraints"] != []


def test_without_default_index_nothing_is_pushed_to_columns_without_options(daemon: Start, extension: Start) -> None:
    running = daemon("--noextensions_default_index")
    extension(TABLE, running.socket)
    running.registered("sample")
    (row,) = running.query("SELECT context FROM words WHERE word = 'port'")
    assert all(one["list"] == [] for one in json.loads(row["context"])["constraints"])


def test_plugins_of_an_extension_configure_and_log(
    daemon: Start, program: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tmp_path / "lines"
    monkeypatch.setenv("LINES", str(lines))
    path = program("sample.ext", TABLE)
    (tmp_path / "load").write_text(f"# ours\n{path}\n")
    running = daemon(
        f"--extensions_autoload={tmp_path}/load", "--extensions_require=sample", "--extensions_timeout=10",
        "--config_plugin=settings", "--logger_plugin=lines,filesystem",
    )  # fmt: skip
    running.until(lambda: lines.exists() and lines.read_text().count("\n") >= 2)
    assert [json.loads(line)["columns"]["word"] for line in lines.read_text().splitlines()] == ["port", "starboard"]
    assert (tmp_path / "log" / "osqueryd.results.log").read_text() == lines.read_text()
    active = running.query(
        "SELECT registry, name FROM osquery_registry WHERE active AND registry IN ('config', 'logger') ORDER BY 1, 2"
    )
    assert [(row["registry"], row["name"]) for row in active] == [
        ("config", "settings"), ("logger", "filesystem"), ("logger", "lines"),
    ]  # fmt: skip
    assert running.stop() == 0


def test_spawn_instance_starts_the_agent(osqueryd: str) -> None:
    instance = osquery.SpawnInstance(osqueryd)
    instance.open()
    try:
        end = time.monotonic() + 10
        while not instance.connection._transport.isOpen():  # its own wait is a second, a busy machine may need more
            assert time.monotonic() < end
            instance.connection.open()
        assert instance.client.query("SELECT 40 + 2 AS answer").response == [{"answer": "42"}]
        assert instance.is_running()
    finally:
        instance.instance.send_signal(signal.SIGTERM)
        assert instance.instance.wait(15) == 0
        for stream in (instance.instance.stdin, instance.instance.stdout, instance.instance.stderr):
            stream.close()
        instance.instance = None
