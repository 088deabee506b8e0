from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping

import leadline
from leadline.catalogue.index import TABLES
from leadline.sql.engine import Engine
from leadline.tables.osquery.runtime import number


class Program:
    """What a shell or an agent tells about itself."""

    def info(self) -> Mapping[str, object]:
        return {"uuid": "ABCD", "config_valid": 1, "watcher": 17, "instance_id": "i-1"}

    def flags(self) -> Iterable[tuple[str, str, str, str, str, int]]:
        yield "v", "int32", "Short.", "0", "0", 1
        yield "read_max", "uint64", "Largest file.", "52428800", "1000", 0
        yield "verbose", "bool", "Talk.", "false", "true", 0

    def flag(self, name: str) -> str:
        return {flag[0]: flag[4] for flag in self.flags()}.get(name, "")

    def section(self, key: str) -> object:
        return None

    def registry(self) -> Iterable[tuple[str, str, int, int, int]]:
        yield "config", "filesystem", 0, 0, 1
        yield "config", "tls", 0, 0, 0


def test_an_engine_of_its_own_tells_of_the_process(answer) -> None:
    row = answer(
        "SELECT pid, version, extensions, build_platform, watcher, platform_mask, config_valid FROM osquery_info"
    )
    assert row == [(os.getpid(), leadline.OSQUERY_VERSION, "inactive", "linux", -1, 9, 0)]
    started = answer("SELECT start_time FROM osquery_info")[0][0]
    assert time.time() - 86400 < started <= time.time() + 1


def test_the_program_knows_better(answer) -> None:
    sql = "SELECT pid, uuid, instance_id, config_valid, watcher FROM osquery_info WHERE uuid = 'abcd'"
    assert answer(sql, runtime=Program()) == [(os.getpid(), "ABCD", "i-1", 1, 17)]


def test_flags_of_one_or_two_letters_are_left_out(answer) -> None:
    assert answer("SELECT name, value FROM osquery_flags", runtime=Program()) == [
        ("read_max", "1000"),
        ("verbose", "true"),
    ]


def test_without_a_program_flags_have_their_defaults(answer) -> None:
    sql = "SELECT name, type, default_value, value, shell_only FROM osquery_flags"
    assert answer(f"{sql} WHERE name IN ('logger_plugin', 'verbose')") == [
        ("logger_plugin", "string", "filesystem", "filesystem", 0),
        ("verbose", "bool", "false", "false", 0),
    ]


def test_the_registry_lists_the_programs_plugins(answer) -> None:
    assert answer("SELECT * FROM osquery_registry WHERE active", runtime=Program()) == [
        ("config", "filesystem", 0, 0, 1)
    ]
    assert answer("SELECT * FROM osquery_registry") == []


def test_numeric_flags_are_found_by_name() -> None:
    from leadline.sql.schema import Query

    query = Query(runtime=Program())
    assert number(query, "read_max", 5) == 1000
    assert number(query, "hash_cache_max", 5) == 5
    assert number(query, "verbose", 5) == 5
    assert number(Query(), "read_max", 5) == 5


def test_the_shell_has_no_schedule_packs_or_carves(answer, program) -> None:
    for table in ("osquery_schedule", "osquery_packs", "carves"):
        assert answer(f"SELECT * FROM {table}", runtime=program()) == []
        assert answer(f"SELECT * FROM {table}") == []


def test_a_carve_is_not_started_by_the_shell(answer, program) -> None:
    warnings: list[tuple[str, str]] = []
    sql = "SELECT * FROM carves WHERE path = '/etc/passwd' AND carve = 1"
    assert answer(sql, runtime=program(), warn=lambda *told: warnings.append(told)) == []
    assert warnings == [("carves", warnings[0][1])]
    assert "No carve was started: the shell carves no files" in warnings[0][1]


def test_the_program_itself_is_the_first_extension(answer, program) -> None:
    rows = answer("SELECT * FROM osquery_extensions", runtime=program())
    assert rows == [(0, "core", leadline.OSQUERY_VERSION, "0.0.0", "", "core")]


def test_publishers_and_event_tables_are_listed_while_they_are_not_active(answer, program) -> None:
    rows = answer("SELECT name, publisher, type, active FROM osquery_events", runtime=program())
    assert [row for row in rows if row[2] == "publisher"] == [
        (name, name, "publisher", 0) for name in ("auditeventpublisher", "inotify", "syslog", "udev")
    ]
    subscribers = {row[0] for row in rows if row[2] == "subscriber"}
    assert subscribers == {name for name in TABLES if TABLES[name].startswith("leadline.tables.events.")}


def test_what_the_statements_before_cost_is_told() -> None:
    with Engine(tables=TABLES, aliases={}) as engine:
        assert list(engine.query("SELECT * FROM query_cost")) == []
        sql = "SELECT username FROM users WHERE uid = 0"
        assert list(engine.query(sql)) == [("root",)]
        result = engine.query("SELECT statement, query, table_name, pushed, joined, scans, rows FROM query_cost")
        assert list(result)[1:] == [(2, sql, "users", "uid =", "", 1, 1)]
