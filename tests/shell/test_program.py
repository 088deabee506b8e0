"""The command line of the shell: sources of statements, flags, files, exit codes."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys

import pytest


def test_query_runs_before_an_argument_and_query_file_after_it(shell, tmp_path):
    path = tmp_path / "statements.sql"
    path.write_text("-- two\nselect 1 as a;\nselect 2 as a")
    assert shell("--json", "--query", "select 3 as a", "select 4 as a").out == '[\n  {"a":"3"}\n]\n'
    assert shell("--json", f"--query_file={path}").out == '[\n  {"a":"1"},\n  {"a":"2"}\n]\n'


def test_a_query_file_that_cannot_be_read_is_named(shell, tmp_path):
    path = f"{tmp_path}/none.sql"
    assert shell("--query_file", path) == (
        "",
        f"Error reading query file '{path}': Cannot open file for reading: {path}\n",
        1,
    )


def test_results_go_to_the_output_file(shell, tmp_path):
    path = tmp_path / "rows.csv"
    ran = shell("--csv", "--output", str(path), "select 1 as a")
    assert ran == ("", "", 0)
    assert path.read_text() == "a\n1\n"
    assert shell("--csv", "--output=-", "select 1 as a").out == "a\n1\n"


def test_an_output_file_that_cannot_be_opened_is_named(shell, tmp_path):
    path = f"{tmp_path}/none/rows"
    assert shell("--output", path, "select 1") == ("", f"Error: Cannot open output file '{path}'\n", 1)


def test_version_has_osquerys_form_under_osquerys_name(shell):
    ran = shell("--version", name="/usr/bin/osqueryi")
    assert ran.out.startswith("osqueryi version 5.")
    assert (ran.err, ran.code) == ("", 0)
    assert shell("--version").out.startswith("leadline shell version ")


def test_help_lists_flags_by_subject(shell):
    ran = shell("--help", "--bogus")
    assert (ran.err, ran.code) == ("", 0)
    assert "\nShell:\n  --json " in ran.out
    assert "\nEvents:\n" in ran.out
    assert "profile_delay" not in ran.out
    assert shell("-h").out == ran.out


def test_flags_may_stand_anywhere_and_be_negated(shell):
    assert shell("select 1 as a, 2 as b", "--csv", "--separator", ",", "--noheader").out == "1,2\n"
    assert shell("-list=true", "--header=false", "select 1").out == "1\n"


def test_a_flag_file_is_read(shell, tmp_path):
    path = tmp_path / "flags"
    path.write_text("# how to print\n--csv\n--separator=,\n--unheard_of=1\n")
    assert shell(f"--flagfile={path}", "select 1 as a, 2 as b").out == "a,b\n1,2\n"


def test_of_several_modes_list_wins_and_json_counts_only_in_pretty_mode(shell):
    assert shell("--csv", "--line", "--list", "--json", "select 1 as a").out == "a\n1\n"
    assert shell("--json", "--json_pretty", "select 1 where 0").out == "[]\n"


def test_typed_keeps_numbers_and_nulls(shell):
    sql = "select 1 as i, 0.1 as r, null as n, 'x' as t, 1e999 as huge, -5 as m, x'41' as b"
    expected = '[\n  {"b":"A","huge":1e999,"i":1,"m":-5,"n":null,"r":0.1,"t":"x"}\n]\n'
    assert shell("--typed", sql).out == expected
    assert shell("--typed", "--json", sql).out == expected
    assert json.loads(shell("--typed", "--json_pretty", "select 1 as i, null as n").out) == [{"i": 1, "n": None}]


def test_another_root_is_asked(shell, tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "hosts").write_text("192.0.2.7 image.example\n")
    ran = shell("--list", "--noheader", "--root", str(tmp_path), "select hostnames from etc_hosts")
    assert ran == ("image.example\n", "", 0)
    assert shell("--root=/does/not/exist", "select 1").err == "Error: root directory '/does/not/exist' does not exist\n"


def test_a_socket_where_nobody_listens_is_refused_with_a_sentence(shell):
    ran = shell("--connect=/does/not/exist.em", "select 1")
    assert ran == ("", "Error: Cannot connect to /does/not/exist.em: No such file or directory\n", 1)


def test_what_is_no_program_is_not_loaded_as_an_extension(shell):
    ran = shell("--extension=/etc/passwd", "select 1")
    assert (ran.out, ran.code) == ("", 1)
    assert ran.err == "Error: Cannot load the extension /etc/passwd: it is no program that can be executed\n"
    refused = shell("--extension=/etc/passwd", "--disable_extensions", "select 1")
    assert refused.err == "Error: --extension needs extensions, and --disable_extensions is given\n"


def test_nothing_of_extensions_is_imported_before_it_is_asked_for():
    code = (
        "import sys; from leadline.shell.program import main; main(['select 1'], 'leadline shell'); "
        "sys.exit(any('extensions' in name or 'thrift' in name or name == 'socket' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_profile_prints_no_rows(shell):
    assert shell("--profile", "3", "select 1 as a") == ("", "", 0)
    assert shell("--profile=1", "select * from nope") == ("", "Query failed (1): no such table: nope\n", 1)
    assert shell("--profile=1", script="select * from nope\n").code == 1


PACK = {
    "queries": {
        "b": {"query": "select 2 as a", "interval": 10},
        "a": {"query": "select 1 as a", "interval": 10, "platform": "linux,darwin"},
        "elsewhere": {"query": "select 3 as a", "interval": 10, "platform": "windows"},
        "later": {"query": "select 4 as a", "interval": 10, "version": "99.0"},
    }
}


def test_a_pack_of_the_configuration_is_run(shell, tmp_path):
    file = tmp_path / "named.pack"
    file.write_text(json.dumps(PACK))
    config = tmp_path / "osquery.conf"
    config.write_text("// a remark\n" + json.dumps({"packs": {"inside": PACK, "named": str(file)}}))
    for name in ("inside", "named"):
        ran = shell("--list", "--noheader", f"--config_path={config}", "--pack", name)
        assert ran == ("1\n2\n", "", 0)
    assert shell("--list", "--noheader", "--pack", str(file)).out == "1\n2\n"


def test_a_query_of_a_pack_that_fails_ends_it(shell, tmp_path):
    file = tmp_path / "broken.pack"
    file.write_text(json.dumps({"queries": {"bad": {"query": "select * from nope"}, "next": {"query": "select 1"}}}))
    ran = shell("--pack", str(file))
    assert ran == ("", "Error: no such table: nope\nCould not execute query bad: select * from nope\n", 1)


def test_a_pack_that_is_not_there_is_said(shell, tmp_path):
    ran = shell(f"--config_path={tmp_path}/none", "--pack", "nope")
    assert ran == ("", f"Error: there is no pack 'nope' in {tmp_path}/none\n", 1)


def test_a_script_may_end_without_semicolon_and_newline(shell):
    assert shell("--list", script="select\n1 as a") == ("a\n1\n", "", 0)
    assert shell("--list", script="select * from nope") == ("", "Error: no such table: nope\n", 1)


def test_a_script_may_have_carriage_returns_remarks_and_several_statements_in_a_line(shell):
    script = "-- first\r\nselect ';' as a; select 2\r\n as b; /* over\nlines */\nselect 3 as c;\n"
    assert shell("--list", script=script) == ("a\n;\nb\n2\nc\n3\n", "", 0)


def test_an_error_names_the_line_on_which_its_statement_starts(shell):
    assert shell(script="\n\nselect *\nfrom\nnope;\n").err == "Error: near line 3: no such table: nope\n"


def test_bytes_that_are_not_utf8_do_not_end_a_script(shell):
    assert shell("--list", script=b"select '\xff' as a;\nselect 2 as b;\n") == (
        "a\n\N{REPLACEMENT CHARACTER}\nb\n2\n",
        "",
        0,
    )


def test_no_input_is_no_error(shell):
    assert shell() == ("", "", 0)
    assert shell("--json") == ("", "", 0)


def test_a_required_column_is_enough_for_the_table_to_answer(shell):
    ran = shell("--json", "select sha256 from hash where path = '/dev/null/none'")
    assert (ran.err, ran.code) == ("", 0)


def test_verbose_and_stderr_flags_choose_what_is_shown(shell):
    ran = shell("--logger_min_stderr=2", "select * from hash")
    assert ran.err == "Error: Table hash was queried without a required column in the WHERE clause\n"
    assert shell("--nologger_stderr", "select * from hash").err == ran.err


@pytest.mark.parametrize("mode", ["--json", "--csv", "--list", "--line", "--json_pretty"])
def test_a_reader_that_goes_away_ends_the_shell_quietly(mode):
    command = [sys.executable, "-m", "leadline", "shell", mode, f"{ENDLESS} select x from c"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 141
        assert process.stderr.read() == ""


ENDLESS = "with recursive c(x) as (select 1 union all select x + 1 from c)"

MEASURED = """
import resource, sys
from leadline.__main__ import main
main()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def test_rows_are_not_held_in_memory(tmp_path):
    used = {}
    for limit in (1, 400_000):
        sql = f"{ENDLESS} select x, x || 'text' from c limit {limit}"
        with open(tmp_path / "rows", "wb") as stream:
            done = subprocess.run(
                [sys.executable, "-c", MEASURED, "shell", "--json", sql],
                stdout=stream,
                stderr=subprocess.PIPE,
                check=True,
                text=True,
            )
        used[limit] = int(done.stderr)
    assert os.path.getsize(tmp_path / "rows") > 10_000_000
    assert used[400_000] < used[1] + 4096  # KiB


def test_an_interrupt_ends_a_script():
    command = [sys.executable, "-m", "leadline", "shell", "--list"]
    with subprocess.Popen(
        command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(f"select 'ready';\n{ENDLESS} select count(*) from c;\n")
        process.stdin.flush()
        assert process.stdout.readline() == "'ready'\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr.read() == ""


def test_the_planner_prints_each_statements_plan(shell):
    ran = shell("--planner", "--list", "--noheader", "select 1 from etc_hosts limit 1; select 2")
    assert (ran.out, ran.code) == ("1\n2\n", 0)
    assert ran.err.startswith("osquery planner: SCAN etc_hosts ")


def test_a_full_disk_is_told(tmp_path):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "leadline", "shell", "select 1"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.stderr == b"Error: cannot write results: No space left on device\n"
    assert done.returncode == 1


def test_a_closed_standard_input_is_no_input():
    command = 'exec "$0" -m leadline shell <&-'
    done = subprocess.run(["sh", "-c", command, sys.executable], capture_output=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == (b"", b"", 0)


def test_an_argument_that_is_not_utf8_is_taken(shell):
    assert shell("--list", "--noheader", "select '\udcff' as a").out == "\N{REPLACEMENT CHARACTER}\n"


def test_the_shell_tells_its_tables_about_itself(shell):
    ran = shell("--typed", "select instance_id, extensions, watcher from osquery_info")
    (row,) = json.loads(ran.out)
    assert len(row["instance_id"]) == 36
    assert (row["extensions"], row["watcher"]) == ("inactive", -1)
    ran = shell("--list", "--noheader", "select count(*) from osquery_registry where registry = 'table' and active")
    assert int(ran.out) == len(shell("-L").out.splitlines())


def test_tables_and_views_of_the_configuration_are_there(shell, tmp_path):
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES (7)")
    database.close()
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "mine.conf").write_text(json.dumps(PACK))
    config = tmp_path / "osquery.conf"
    table = {"query": "SELECT x FROM t", "path": f"{tmp_path}/%.db", "columns": ["x"]}
    config.write_text(
        json.dumps(
            {
                "auto_table_construction": {"foreign_t": table, "time": table, "bad": {}},
                "views": {"doubled": "SELECT 2 * x AS y FROM foreign_t"},
                "packs": {"*": f"{tmp_path}/packs/*"},
            }
        )
    )
    flag = f"--config_path={config}"
    ran = shell(flag, "--list", "--noheader", "SELECT y, path FROM doubled, foreign_t")
    assert ran.out == f"14|{tmp_path}/a.db\n"
    assert "The table bad of auto_table_construction has no query or no path" in ran.err
    assert "The table time of auto_table_construction has another one's name" in ran.err
    assert shell(flag, "--list", "--noheader", "--pack", "mine").out == "1\n2\n"
