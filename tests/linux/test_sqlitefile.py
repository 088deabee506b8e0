from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from leadline.linux.sqlitefile import DamagedError, Database


def made(path: Path) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE t (x); INSERT INTO t VALUES (1), ('two'); CREATE VIEW v AS SELECT * FROM t")
    connection.close()
    return path


@pytest.mark.parametrize("name", ["plain", "with space", "a?mode=rw", "50%", "#1", "größe", "x;y"])
def test_a_file_of_any_name_is_read(tmp_path: Path, name: str) -> None:
    with Database(str(made(tmp_path / name))) as database:
        assert list(database.rows("SELECT x FROM t")) == [(1,), ("two",)]
        assert database.tables() == {"t"}


def test_a_directory_may_have_a_name_that_is_no_utf_8(tmp_path: Path) -> None:
    folder = f"{tmp_path}/\udcff"
    os.mkdir(folder)
    os.rename(made(tmp_path / "x"), f"{folder}/x")
    with Database(f"{folder}/x") as database:
        assert list(database.rows("SELECT count(*) FROM t")) == [(2,)]
    os.rename(f"{folder}/x", f"{folder}/\udcff")
    with pytest.raises(DamagedError):
        Database(f"{folder}/\udcff")


def test_links_are_followed(tmp_path: Path) -> None:
    made(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    with Database(str(tmp_path / "link")) as database:
        assert list(database.rows("SELECT count(*) FROM t")) == [(2,)]


def test_views_and_what_programs_stand_behind_are_no_tables(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x")
    connection.executescript("CREATE VIRTUAL TABLE f USING fts5(a); CREATE TABLE g (a, b GENERATED ALWAYS AS (a))")
    connection.close()
    with Database(str(tmp_path / "x")) as database:
        assert not database.tables() & {"f", "g"}


def test_writing_is_refused_and_leaves_no_trace(tmp_path: Path) -> None:
    path = made(tmp_path / "x")
    with Database(str(path)) as database, pytest.raises(DamagedError):
        list(database.rows("INSERT INTO t VALUES (3)"))
    assert os.listdir(tmp_path) == ["x"]


def test_another_program_that_writes_is_no_hindrance(tmp_path: Path) -> None:
    path = made(tmp_path / "x")
    connection = sqlite3.connect(path)
    connection.execute("BEGIN EXCLUSIVE")
    with Database(str(path)) as database:
        assert list(database.rows("SELECT count(*) FROM t")) == [(2,)]
    connection.close()


@pytest.mark.parametrize("content", [b"no database" * 100, None])
def test_what_is_no_database_is_told(tmp_path: Path, content: bytes | None) -> None:
    before = len(os.listdir("/proc/self/fd"))
    if content is not None:
        (tmp_path / "x").write_bytes(content)
    with pytest.raises(DamagedError), Database(str(tmp_path / "x")) as database:
        list(database.rows("SELECT * FROM t"))
    assert len(os.listdir("/proc/self/fd")) == before
