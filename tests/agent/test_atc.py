"""Tables over other programs' databases: right rows, and their owners do not notice."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from leadline.configuration import atc
from leadline.sql.engine import Attachments, Engine

SPECIFICATION = {"query": "SELECT name, size AS bytes, note FROM files", "columns": ["name", "bytes", "note", "absent"]}


def database(path: Path, *rows: tuple[Any, ...], journal: str = "delete") -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.execute("CREATE TABLE files (name, size, note)")
    connection.executemany("INSERT INTO files VALUES (?, ?, ?)", rows)
    return connection


class Asked:
    """An engine with one constructed table, and what it warned of."""

    def __init__(self, **members: Any) -> None:
        self.warnings: list[str] = []
        attachments = Attachments()
        table = atc.table("found", {**SPECIFICATION, **members}, "linux")
        assert table is not None
        attachments.attach(table)
        self.engine = Engine(attachments=attachments, warn=lambda table, message: self.warnings.append(message))

    def rows(self, sql: str = "SELECT * FROM found") -> list[tuple[Any, ...]]:
        return list(self.engine.query(sql))


@pytest.fixture
def open_one(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(database(tmp_path / "a.db", ("x", 1, None), ("y", 2.5, b"blob"))) as connection:
        yield connection


def test_columns_are_texts_by_name_and_the_path_is_the_last(tmp_path: Path, open_one: sqlite3.Connection) -> None:
    asked = Asked(path=f"{tmp_path}/a.db")
    path = f"{tmp_path}/a.db"
    assert asked.rows() == [("x", "1", None, None, path), ("y", "2.5", "blob", None, path)]
    assert asked.warnings == []
    assert asked.rows("SELECT name FROM found WHERE bytes = '2.5' AND path LIKE '%a.db'") == [("y",)]


def test_wildcards_and_braces_find_several_files(tmp_path: Path) -> None:
    for name in ("u/one.db", "u/two.db", "v/one.db", "v/w/x/one.db", "u/other.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        database(tmp_path / name, (name, 0, "")).close()
    (tmp_path / "u" / "folder.db").mkdir()

    def names(pattern: str) -> list[str]:
        return [str(name) for name, *_ in Asked(path=f"{tmp_path}/{pattern}").rows()]

    assert names("%/one.db") == names("*/one.db") == ["u/one.db", "v/one.db"]
    assert names("u/%.db") == ["u/one.db", "u/two.db"]
    assert names("{u,v}/{one,none}.db") == ["u/one.db", "v/one.db"]
    assert names("v/%%") == names("v/**") == ["v/one.db", "v/w/x/one.db"]
    assert names("none/%") == []


def test_a_file_that_is_no_database_does_not_keep_the_others_from_being_read(tmp_path: Path) -> None:
    database(tmp_path / "b.db", ("b", 1, "")).close()
    (tmp_path / "a.db").write_text("no database, but long enough to be looked at as if it were one " * 20)
    (tmp_path / "c.db").write_bytes(b"")
    os.mkfifo(tmp_path / "d.db")
    asked = Asked(path=f"{tmp_path}/%.db")
    assert [row[0] for row in asked.rows()] == ["b"]
    assert [message.split(": ")[0].rpartition("/")[2] for message in asked.warnings] == ["a.db", "c.db", "d.db"]


def test_a_locked_database_is_read_and_its_owner_goes_on(tmp_path: Path, open_one: sqlite3.Connection) -> None:
    open_one.execute("BEGIN EXCLUSIVE")
    open_one.execute("INSERT INTO files VALUES ('z', 3, '')")
    assert [row[0] for row in Asked(path=f"{tmp_path}/a.db").rows()] == ["x", "y"]
    open_one.execute("COMMIT")
    assert [row[0] for row in Asked(path=f"{tmp_path}/a.db").rows()] == ["x", "y", "z"]


def test_rows_in_a_write_ahead_log_are_read_and_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(database(path, ("x", 1, ""), journal="wal")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO files VALUES ('uncommitted', 1, '')")
        before = {name: os.stat(tmp_path / name).st_mtime_ns for name in os.listdir(tmp_path)}
        assert sorted(before) == ["a.db", "a.db-shm", "a.db-wal"]
        assert [row[0] for row in Asked(path=str(path)).rows()] == ["x"]
        assert {name: os.stat(tmp_path / name).st_mtime_ns for name in os.listdir(tmp_path)} == before
        connection.execute("COMMIT")
        assert [row[0] for row in Asked(path=str(path)).rows()] == ["x", "uncommitted"]
    assert [row[0] for row in Asked(path=str(path)).rows()] == ["x", "uncommitted"]
    assert os.listdir(tmp_path) == ["a.db"]


def test_views_of_the_database_can_be_asked_for(tmp_path: Path, open_one: sqlite3.Connection) -> None:
    open_one.execute("CREATE VIEW v AS SELECT upper(name) AS name FROM files")
    assert [row[0] for row in Asked(path=f"{tmp_path}/a.db", query="SELECT name FROM v").rows()] == ["X", "Y"]


@pytest.mark.parametrize(
    ("query", "reason"),
    [("SELECT nope FROM files", "no such column: nope"), ("DELETE FROM files", "not authorized"),
     ("ATTACH '/etc/passwd' AS p", "not authorized"), ("PRAGMA journal_mode = wal", "not authorized"),
     ("SELECT 1; DROP TABLE files", "not authorized")],
)  # fmt: skip
def test_the_query_may_only_read(tmp_path: Path, open_one: sqlite3.Connection, query: str, reason: str) -> None:
    asked = Asked(path=f"{tmp_path}/a.db", query=query)
    asked.rows()
    assert [message.rpartition(": ")[2] for message in asked.warnings if reason in message] != []
    assert open_one.execute("SELECT count(*) FROM files").fetchone() == (2,)


def test_a_query_without_end_ends_with_the_statement(tmp_path: Path, open_one: sqlite3.Connection) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS name FROM n"
    asked = Asked(path=f"{tmp_path}/a.db", query=endless)
    with pytest.raises(Exception, match=r"timed out after 0\.2 s"):
        list(asked.engine.query("SELECT * FROM found", timeout=0.2))


def test_a_column_named_path_is_the_querys_where_it_has_one(tmp_path: Path, open_one: sqlite3.Connection) -> None:
    own = Asked(path=f"{tmp_path}/a.db", query="SELECT name AS path FROM files", columns=["path"])
    assert own.rows() == [("x",), ("y",)]
    not_own = Asked(path=f"{tmp_path}/a.db", columns=["path", "name"])
    assert not_own.rows()[0] == (f"{tmp_path}/a.db", "x")


@pytest.mark.parametrize(
    "wrong",
    [{"query": ""}, {"path": None}, {"columns": []}, {"columns": ["a", "A"]}, {"columns": ["a`b"]}, {"columns": "a"}],
)
def test_what_makes_no_table_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(atc.SpecificationError):
        atc.table("t", {"query": "SELECT 1", "path": "/x", "columns": ["a"], **wrong}, "linux")
    assert atc.table("t", {**SPECIFICATION, "path": "/x", "platform": "darwin"}, "linux") is None
    assert atc.table("t", {**SPECIFICATION, "path": "/x", "platform": "darwin,linux"}, "linux") is not None


def test_braces_are_written_out_within_reason() -> None:
    assert atc.choices("/{a,b{c,d}}/x") == ["/a/x", "/bc/x", "/a/x", "/bd/x"]
    assert atc.choices("/a}b{c") == ["/a}b{c"]
    assert len(atc.choices("{a,b}" * 30)) < 2000
