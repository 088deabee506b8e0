"""What a real osquery 5.23 printed, byte for byte."""

from __future__ import annotations

import re

import pytest

EMPTY = "[\n\n]\n"

ARGUMENTS = {
    "csv alone separates with a bar": (
        ["--csv", "select 1 as a, 'x y' as b, '' as c, 'q\"q' as d"],
        'a|b|c|d\n1|"x y"|""|"q""q"\n',
    ),
    "csv with a comma quotes what holds one": (
        ["--csv", "--separator", ",", "select 1 as a, 'x y' as b, '' as c, 'q\"q' as d, 'a,b' as e"],
        'a,b,c,d,e\n1,"x y","","q""q","a,b"\n',
    ),
    "list": (["--list", "select 1 as a, null as b"], "a|b\n1|\n"),
    "line": (
        ["--line", "select 1 as a, 'x' as longname_x union all select 2,'y'"],
        "         a = 1\nlongname_x = x\n\n         a = 2\nlongname_x = y\n",
    ),
    "pretty": (
        ["select 1 as a, null as b, 'é' as c"],
        "+---+---+---+\n| a | b | c |\n+---+---+---+\n| 1 |   | é |\n+---+---+---+\n",
    ),
    "pretty prints nothing for no rows": (["select 1 where 0"], ""),
    "json of no rows": (["--json", "select 1 where 0"], EMPTY),
    "json_pretty": (
        ["--json_pretty", "select 1 as b, 'x' as a"],
        '[\n  {\n    "a": "x",\n    "b": "1"\n  }\n]\n',
    ),
    "json_pretty of no rows": (["--json_pretty", "select 1 where 0"], "[]\n"),
    "json values": (
        [
            "--json",
            "select 1 as a, 2 as a, x'00ff' as blob, 1.0 as d, 1e300 as e, 9223372036854775807 as big, 0.1 as f,"
            " null as n",
        ],
        '[\n  {"a":"2","big":"9223372036854775807","blob":"","d":"1.0","e":"1.0e+300","f":"0.1","n":""}\n]\n',
    ),
    "pragma table_info": (
        ["--json", "pragma table_info(uptime)"],
        "[\n"
        '  {"cid":"0","dflt_value":"","name":"days","notnull":"0","pk":"0","type":"INTEGER"},\n'
        '  {"cid":"1","dflt_value":"","name":"hours","notnull":"0","pk":"0","type":"INTEGER"},\n'
        '  {"cid":"2","dflt_value":"","name":"minutes","notnull":"0","pk":"0","type":"INTEGER"},\n'
        '  {"cid":"3","dflt_value":"","name":"seconds","notnull":"0","pk":"0","type":"INTEGER"},\n'
        '  {"cid":"4","dflt_value":"","name":"total_seconds","notnull":"0","pk":"0","type":"BIGINT"}\n'
        "]\n",
    ),
    "flags as the table lists them": (
        [
            "--json",
            "select name, value, type, default_value, shell_only from osquery_flags"
            " where name in ('logger_plugin','host_identifier','verbose')",
        ],
        "[\n"
        '  {"default_value":"hostname","name":"host_identifier","shell_only":"0","type":"string","value":"hostname"},\n'
        '  {"default_value":"filesystem","name":"logger_plugin","shell_only":"0","type":"string",'
        '"value":"filesystem"},\n'
        '  {"default_value":"false","name":"verbose","shell_only":"0","type":"bool","value":"false"}\n'
        "]\n",
    ),
}


@pytest.mark.parametrize(("arguments", "out"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_an_argument_prints_what_osquery_prints(shell, arguments, out):
    assert shell(*arguments) == (out, "", 0)


GLOG = r"\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ \w+\.py:\d+\] "

FAILURES = {
    "a table that is not there": (["--json", "select * from nope"], EMPTY, "Error: no such table: nope\n", 1),
    "a statement between others": (
        ["--json", "select 1; select * from nope; select 2"],
        '[\n  {"1":"1"}\n]\n',
        "Error: no such table: nope\n",
        1,
    ),
    "a missing required column": (
        ["--json", "select * from hash"],
        EMPTY,
        f"W{GLOG}Table hash was queried without a required column in the WHERE clause\n"
        f"W{GLOG}Please see the table documentation: https://osquery\\.io/schema/#hash\n"
        "Error: Table hash was queried without a required column in the WHERE clause\n",
        19,
    ),
    "what the authoriser refuses": (
        ["--json", "attach database '/x' as y"],
        EMPTY,
        f"E{GLOG}Authorizer denied action 24 /x null null null\nError: not authorized\n",
        23,
    ),
    "an unknown flag": (["--bogus"], "", "ERROR: unknown command line flag 'bogus'\n", 1),
}


@pytest.mark.parametrize(("arguments", "out", "err", "code"), FAILURES.values(), ids=FAILURES)
def test_an_argument_fails_as_in_osquery(shell, arguments, out, err, code):
    ran = shell(*arguments)
    assert (ran.out, ran.code) == (out, code)
    assert re.fullmatch(err, ran.err), ran.err


SCRIPTS = {
    "types": (
        ".types select pid, name, 1+1 as x, pid*1.0 as y, cast(pid as text) as z, count(*) c from processes;\n",
        "+------+--------+\n| name | type   |\n+------+--------+\n| pid  | BIGINT |\n| name | TEXT   |\n"
        "| x    | BIGINT |\n| y    | BIGINT |\n| z    | TEXT   |\n| c    | BIGINT |\n+------+--------+\n",
        "",
        0,
    ),
    "schema": (
        ".schema uptime\n",
        "CREATE TABLE uptime(`days` INTEGER, `hours` INTEGER, `minutes` INTEGER, `seconds` INTEGER,"
        " `total_seconds` BIGINT);\n",
        "",
        0,
    ),
    "an unknown command": (
        ".bogus\n",
        "",
        'Error: unknown command or invalid arguments:  "bogus". Enter ".help" for help\n',
        1,
    ),
    "a bad mode": (".mode bad\n", "", "Error: mode should be one of: column csv line list pretty\n", 1),
    "null text": (".nullvalue NIL\n.mode list\nselect null as a, 1 as b;\n", "a|b\nNIL|1\n", "", 0),
    "no headers": (".headers off\n.mode list\nselect 1 as a;\n", "1\n", "", 0),
    "csv mode": (".mode csv\nselect 1 as a, 2 as b;\n", "a,b\n1,2\n", "", 0),
    "column mode": (
        ".mode column\nselect 1 as a, 2 as b;\n",
        "a           b         \n----------  ----------\n1           2         \n",
        "",
        0,
    ),
    "widths": (
        ".width 3 4\n.mode column\nselect 1 as aaaaaa, 2 as b;\n",
        "aaa  b   \n---  ----\n1    2   \n",
        "",
        0,
    ),
    "echo": (
        ".echo on\nselect 1 as a;\n",
        "select 1 as a;\n+---+\n| a |\n+---+\n| 1 |\n+---+\n",
        "",
        0,
    ),
    "print": (".print hello world\n", "hello world\n", "", 0),
    "exit with a code": (".exit 3\n", "", "", 3),
}


@pytest.mark.parametrize(("script", "out", "err", "code"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_prints_what_osquery_prints(shell, script, out, err, code):
    assert shell(script=script) == (out, err, code)


def test_a_script_names_the_line_of_an_error_and_goes_on(shell):
    ran = shell("--json", script="select 1 as a;\nselect * from nope;\nselect 2 as b\n")
    assert ran == (
        '[\n  {"a":"1"}\n]\n[\n\n]\n[\n  {"b":"2"}\n]\n',
        "Error: near line 2: no such table: nope\n",
        1,
    )


def test_the_timer_prints_wall_and_cpu_time(shell):
    ran = shell(script=".timer on\nselect 1 as a;\n")
    assert re.fullmatch(
        r"\+---\+\n\| a \|\n\+---\+\n\| 1 \|\n\+---\+\nRun Time: real \d\.\d{3} user \d\.\d{6} sys \d\.\d{6}\n", ran.out
    )


def test_tables_are_listed_by_prefix(shell):
    expected = ["process_envs", "process_memory_map", "process_open_files", "process_open_sockets", "processes"]
    for ran in (shell(script=".tables proc\n"), shell(".tables proc")):
        listed = ran.out.splitlines()
        assert (ran.err, ran.code) == ("", 0)
        assert listed == sorted(listed)
        assert {f"  => {name}" for name in expected} <= set(listed)
        assert all(line.startswith("  => proc") for line in listed)


def test_the_version_command_names_osquery_and_sqlite(shell):
    ran = shell(script=".version\n")
    assert re.fullmatch(r"osquery \d+\.\d+\.\d+\nusing SQLite \d+\.\d+\.\d+\n", ran.out)
