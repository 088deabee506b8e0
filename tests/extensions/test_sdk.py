"""Extensions written with leadline.extensions, as processes, and the tables of files."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import osquery
import pytest

from leadline.extensions import files
from leadline.extensions.errors import RefusedError
from leadline.extensions.loading import load_files
from leadline.flags import Flags
from leadline.sql.engine import Attachments, Engine

Start = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]

EVERYTHING = """
import os
from leadline.extensions import BIGINT, BLOB, DOUBLE, TEXT, Column, config, logger, run, table
from leadline.sql.errors import SQLError

KEPT = {1: ("first", 1, 1.5)}


class Shelf:
    def insert(self, rowid, values):
        if values[0] == "double":
            raise SQLError("only once, please", 19)
        number = rowid or max(KEPT, default=0) + 1
        KEPT[number] = tuple(values)
        return number

    def update(self, rowid, new_rowid, values):
        del KEPT[rowid]
        KEPT[new_rowid] = tuple(values)

    def delete(self, rowid):
        if rowid == 1:
            raise SQLError("the first one stays")
        del KEPT[rowid]


@table(
    "shelf", Column("name", TEXT, "Name.", aliases=["title"]), Column("amount", BIGINT, "Amount."),
    Column("price", DOUBLE, "Price."), writer=Shelf(),
)
def shelf(query):
    for number, (name, *rest) in sorted(KEPT.items()):
        yield name, *rest[-2:], number


@table("asked", Column("name", TEXT, "Name.", index=True, optimized=True), Column("size", BIGINT, "Size.", index=True),
       Column("heard", TEXT, "The constraints as they arrive."))
def asked(query):
    heard = repr((sorted(query.equals("name") or ()), query.matching("size"), sorted(query.columns)))
    yield "a", 5, heard
    yield "b", None, heard


@table("still", Column("n", BIGINT, "Number."))
def still(query):
    return [(1,)]


@logger("pager", status=True)
def pager(kind, line):
    with open(os.environ["LINES"], "a") as stream:
        stream.write(f"{kind} {line}\\n")


@config("vault")
def vault():
    return {"vault": {"schedule": {"n": {"query": "SELECT n FROM still", "interval": 1, "snapshot": True}}}}


run("everything", "2.0", shelf, asked, still, pager, vault)
"""


@pytest.fixture
def everything(core: Start, extension: Start) -> Any:
    running = core()
    running.process = extension(EVERYTHING, running.path)
    running.registered("everything")
    return running


def test_constraints_arrive_as_the_author_knows_them(everything: Any) -> None:
    sql = "SELECT size, heard FROM asked WHERE name IN ('a', 'b') AND size > 2"
    assert everything.query(sql) == [{"size": "5", "heard": "(['a', 'b'], [('>', 2)], ['heard', 'name', 'size'])"}]
    assert everything.query("SELECT name, size IS NULL AS null_size FROM asked WHERE name = 'b'") == [
        {"name": "b", "null_size": "1"}
    ]


def test_rows_are_written_through_the_socket(everything: Any) -> None:
    query = everything.query
    assert query("INSERT INTO shelf (name, amount, price) VALUES ('second', 2, 2)") == []
    assert query("INSERT INTO shelf (rowid, name) VALUES (9, 'ninth')") == []
    assert query("SELECT rowid, * FROM shelf") == [
        {"rowid": "1", "name": "first", "amount": "1", "price": "1.5"},
        {"rowid": "2", "name": "second", "amount": "2", "price": "2.0"},
        {"rowid": "9", "name": "ninth", "amount": "", "price": ""},
    ]
    assert query("UPDATE shelf SET amount = amount + 40, rowid = 3 WHERE title = 'second'") == []
    assert query("SELECT rowid, amount FROM shelf WHERE name = 'second'") == [{"rowid": "3", "amount": "42"}]
    assert query("DELETE FROM shelf WHERE name <> 'first'") == []
    assert query("SELECT count(*) AS n FROM shelf") == [{"n": "1"}]


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("INSERT INTO shelf (name) VALUES ('double')", "only once, please"),
        ("DELETE FROM shelf", "the first one stays"),
        ("INSERT INTO still VALUES (5)", "table still may not be modified"),
        ("INSERT INTO shelf (name, amount) VALUES ('x', 'many')", "datatype mismatch: column amount of shelf"),
        ("INSERT INTO shelf (name) VALUES (5)", "datatype mismatch: column name of shelf"),
    ],
)
def test_what_cannot_be_written_is_said(everything: Any, sql: str, sentence: str) -> None:
    with pytest.raises(RefusedError, match=re.escape(sentence)):
        everything.query(sql)


def test_an_extension_registers_again_when_it_was_forgotten(everything: Any) -> None:
    (uuid,) = everything.peer.extensions()
    everything.peer.deregister(uuid)
    everything.registered("everything")
    assert everything.query("SELECT * FROM still") == [{"n": "1"}]


def test_an_extension_waits_for_a_core_that_starts_again(core: Start, extension: Start) -> None:
    first = core()
    started = extension(EVERYTHING, first.path)
    first.registered("everything")
    registry = first.manager.registry
    first.manager.end = lambda extension: None  # as if it had been killed, it does not say goodbye
    first.manager.stop()
    assert registry.all() == []
    second = core()
    second.registered("everything")
    assert second.query("SELECT * FROM still") == [{"n": "1"}]
    assert started.poll() is None


def test_an_extension_ends_when_asked_and_when_nobody_is_there(core: Start, extension: Start, tmp_path: Path) -> None:
    running = core()
    started = extension(EVERYTHING, running.path)
    running.registered("everything")
    running.manager.stop()
    assert started.wait(10) == 0
    other = core()
    started = extension(EVERYTHING, other.path)
    other.registered("everything")
    started.send_signal(signal.SIGTERM)
    assert started.wait(10) == 0
    assert other.peer.extensions() == {}
    alone = extension(EVERYTHING, str(tmp_path / "nobody"), "--timeout=0.2")
    assert alone.wait(15) == 1
    assert "everything: ERROR: Cannot connect to" in (tmp_path / "one.ext.stderr").read_text()


def test_the_extension_speaks_to_osquerys_own_client(everything: Any) -> None:
    (uuid,) = everything.peer.extensions()
    client = osquery.ExtensionClient(path=everything.path, uuid=uuid)
    assert client.open(timeout=5)
    extension = client.extension_client()
    assert (extension.ping().code, extension.ping().uuid) == (0, uuid)
    columns = extension.call("table", "shelf", {"action": "columns"})
    assert columns.response == [
        {"id": "column", "name": "name", "type": "TEXT", "op": "0"},
        {"id": "column", "name": "amount", "type": "BIGINT", "op": "0"},
        {"id": "column", "name": "price", "type": "DOUBLE", "op": "0"},
        {"id": "columnAlias", "name": "title", "target": "name"},
        {"id": "attributes", "attributes": "0"},
    ]
    rows = extension.call("table", "shelf", {"action": "generate", "context": '{"constraints":[]}'})
    assert (rows.status.code, rows.response) == (
        0, [{"name": "first", "amount": "1", "price": "1.5", "rowid": "1"}],
    )  # fmt: skip
    written = extension.call(
        "table", "shelf",
        {"action": "insert", "auto_rowid": "false", "json_value_array": '["new",7,0.5,null]', "context": "{}"},
    )  # fmt: skip
    assert written.response == [{"status": "success", "id": "2"}]
    assert extension.call("logger", "pager", {"action": "features"}).status.code == 1
    wrong = extension.call("table", "nope", {"action": "generate"})
    assert (wrong.status.code, wrong.response) == (1, [])
    garbage = extension.call("table", "asked", {"action": "generate", "context": "{nonsense"})
    assert garbage.status.code == 1
    client.close()


def test_logger_and_config_of_an_extension_serve_an_agent(
    daemon: Start, program: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tmp_path / "lines"
    monkeypatch.setenv("LINES", str(lines))
    path = program("everything.ext", EVERYTHING)
    (tmp_path / "load").write_text(f"{path}\n")
    running = daemon(
        f"--extensions_autoload={tmp_path}/load", "--extensions_timeout=15", "--config_plugin=vault",
        "--logger_plugin=pager",
    )  # fmt: skip
    running.until(
        lambda: (
            lines.exists() and {"snapshot", "status"} <= {line.split()[0] for line in lines.read_text().splitlines()}
        )
    )
    kinds: dict[str, list[Any]] = {}
    for line in lines.read_text().splitlines():
        kind, _, text = line.partition(" ")
        kinds.setdefault(kind, []).append(json.loads(text))
    assert kinds["snapshot"][0]["snapshot"] == [{"n": "1"}]
    assert set(kinds["status"][0]) == set("sfimhcu")
    assert running.stop() == 0


@pytest.fixture
def own_directory() -> Iterator[Path]:
    """A directory nobody else can write, nor any above it."""
    home = Path.home()
    if files.others(str(home), home.stat()) or files.others(str(home.parent), home.parent.stat()):
        pytest.skip("the home directory can be written by others")
    path = Path(tempfile.mkdtemp(dir=home, prefix="leadline-tables-"))
    yield path
    shutil.rmtree(path)


def load(directory: Path, **given: str) -> tuple[Attachments, list[str]]:
    flags = Flags()
    for name, value in {"tables_d": str(directory), **given}.items():
        flags.set(name, value, "program")
    attachments, said = Attachments(), []
    load_files(flags, attachments, said.append)
    return attachments, said


FILE = """
from leadline.extensions import INTEGER, Column, run, table

@table("{name}", Column("n", INTEGER, "A number."))
def numbers(query):
    return [(1,), (2,)]

if __name__ == "__main__":
    run("numbers", "1", numbers)
"""


def test_files_of_a_directory_are_tables_without_a_process(own_directory: Path) -> None:
    (own_directory / "numbers.py").write_text(FILE.format(name="numbers"))
    (own_directory / "README").write_text("no table")
    attachments, said = load(own_directory)
    assert said == []
    with Engine(attachments=attachments) as engine:
        assert list(engine.query("SELECT sum(n) FROM numbers")) == [(3,)]
    assert load(own_directory, disable_tables="numbers")[0].tables == {}
    assert load(Path(""))[0].tables == {}


def test_the_check_that_a_file_fails_is_said(own_directory: Path) -> None:
    def said() -> str:
        attachments, sentences = load(own_directory)
        assert attachments.tables == {}
        assert len(sentences) == 1
        return sentences[0]

    path = own_directory / "one.py"
    path.write_text(FILE.format(name="processes"))
    assert said().endswith("one.py: there is a table processes already")
    path.write_text(FILE.format(name="a b"))
    assert said().endswith("'a b' cannot be the name of a table")
    path.write_text("x = 1\n")
    assert said().endswith("one.py: it declares no table")
    path.write_text("1 / 0\n")
    assert said().endswith("one.py: it fails: ZeroDivisionError: division by zero")
    path.write_text(FILE.format(name="numbers"))
    path.chmod(0o664)
    assert said().endswith(f"its group can write {path} (mode 0664)")
    path.chmod(0o646)
    assert said().endswith(f"others can write {path} (mode 0646)")
    path.chmod(0o644)
    own_directory.chmod(0o777)
    assert said().endswith(f"others can write {own_directory} (mode 0777)")
    own_directory.chmod(0o755)
    path.unlink()
    path.mkdir()
    assert said().endswith("one.py: it is not a regular file")
    path.rmdir()
    os.mkfifo(path)
    assert said().endswith("one.py: it is not a regular file")
    path.unlink()
    elsewhere = Path(tempfile.mkstemp(suffix=".py")[1])
    elsewhere.write_text(FILE.format(name="numbers"))
    path.symlink_to(elsewhere)
    assert re.search(r"others can write /tmp \(mode 1777\)$", said())
    elsewhere.unlink()
    assert said().endswith("one.py: it cannot be read: No such file or directory")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files away")
def test_a_file_of_somebody_else_is_not_loaded(own_directory: Path) -> None:
    path = own_directory / "one.py"
    path.write_text(FILE.format(name="numbers"))
    os.chown(path, 12345, 0)
    attachments, said = load(own_directory)
    assert attachments.tables == {}
    assert said == [
        f"Will not load tables from {path}: {path} belongs to the user 12345, neither to root nor to the user of this"
        " process"
    ]
    assert list(load(own_directory, allow_unsafe="true")[0].tables) == ["numbers"]


def test_shell_and_agent_load_the_files(own_directory: Path, daemon: Start) -> None:
    (own_directory / "numbers.py").write_text(FILE.format(name="numbers"))
    running = daemon(f"--tables_d={own_directory}")
    assert running.query("SELECT n FROM numbers") == [{"n": "1"}, {"n": "2"}]
    assert running.query("SELECT registry, owner_uuid, active FROM osquery_registry WHERE name = 'numbers'") == [
        {"registry": "table", "owner_uuid": "0", "active": "1"}
    ]


def guide() -> list[str]:
    """The Python programs of the guide."""
    text = (ROOT / "docs/guides/extensions.md").read_text()
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def test_the_examples_of_the_guide_work(core: Start, extension: Start, tmp_path: Path) -> None:
    programs = guide()
    assert len(programs) == 3
    running = core()
    for number, source in enumerate(programs):
        extension(source, running.path, name=f"example{number}.ext")
    running.registered("uptimes", "notebook", "relay")
    assert float(running.query("SELECT seconds FROM uptimes")[0]["seconds"]) > 0
    assert running.query("INSERT INTO notes (text) VALUES ('remember')") == []
    assert running.query("SELECT rowid, text FROM notes") == [{"rowid": "1", "text": "remember"}]
    code, _, _ = running.manager.ask("logger", "relay", {"string": '{"name":"q"}'})
    assert code == 0
    assert len(programs[0].strip().splitlines()) <= 12


def test_registration_is_quick(core: Start, extension: Start) -> None:
    running = core()
    began = time.monotonic()
    extension(EVERYTHING, running.path)
    running.registered("everything")
    assert time.monotonic() - began < 8
