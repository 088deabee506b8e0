from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping

import leadline
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
