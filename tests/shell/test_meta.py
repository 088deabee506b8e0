"""Meta commands, and the settings they change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.shell.words import integer, switch, words


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (".", []),
        (".print a  b\tc", ["print", "a", "b", "c"]),
        (".print 'a b' \"c d\"", ["print", "a b", "c d"]),
        (r".separator \t", ["separator", "\t"]),
        (r".print 'a\tb' " + r'"a\tb"', ["print", r"a\tb", "a\tb"]),
        (r'.print "a\"b" \101\x', ["print", 'a"b', "Ax"]),
        (".print ''", ["print", ""]),
        (".print 'open", ["print", "open"]),
        (".print a'b", ["print", "a'b"]),
    ],
)
def test_a_line_is_split_as_sqlites_shell_splits_it(line, expected):
    assert words(line) == expected


@given(st.text())
def test_any_line_is_split_into_at_most_fifty_words(line):
    assert len(words("." + line)) <= 50


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("12", 12), ("-3", -3), ("+4", 4), ("0x1f", 31), ("2K", 2000), ("2KiB", 2048), ("1mb", 1000000),
        ("1GiB", 1 << 30), ("x", 0), ("", 0), ("12x", 12),
    ],
)  # fmt: skip
def test_numbers_may_have_a_sign_a_base_and_a_suffix(word, value):
    assert integer(word) == value


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("on", True),
        ("OFF", False),
        ("1", True),
        ("0", False),
        ("7", True),
        ("0x0", False),
        ("enable", True),
        ("x", None),
    ],
)
def test_switches_are_words_or_numbers(word, value):
    assert switch(word) is value


def test_what_is_no_switch_counts_as_off_with_a_message(shell):
    ran = shell(script=".headers maybe\n.mode list\nselect 1 as a;\n")
    assert ran == ("1\n", 'ERROR: Not a boolean value: "maybe". Assuming "no".\n', 0)


def test_commands_may_be_shortened(shell):
    assert shell(script=".m list\n.h off\n.nu NIL\n.sep /\nselect null, 2;\n.q\nselect 3;\n") == ("NIL/2\n", "", 0)


@pytest.mark.parametrize(
    "line", [".ti on", ".ba on", ".pr x", ".t", ".mode", ".mode a b", ".quit now", ".all", ".width"]
)
def test_what_is_too_short_or_has_the_wrong_arguments_is_unknown(shell, line):
    word = line[1:].split()[0]
    ran = shell(script=f"{line}\n")
    assert ran == ("", f'Error: unknown command or invalid arguments:  "{word}". Enter ".help" for help\n', 1)


def test_help_goes_to_standard_error_and_names_every_command(shell):
    from leadline.shell.meta import COMMANDS

    ran = shell(script=".help\n")
    assert (ran.out, ran.code) == ("", 0)
    hidden = {"list"}  # an alias that osquery does not mention either
    assert not [name for name, *_ in COMMANDS if name not in hidden and f"\n.{name}" not in ran.err]


def test_all_prints_every_row_of_a_table(shell):
    assert shell(".all etc_hosts") == shell("select * from etc_hosts")
    assert shell("-A", "etc_hosts") == shell("select * from etc_hosts")


def test_all_of_no_table_fails_with_sqlites_code(shell):
    assert shell("--A=nope") == ("", "Error querying table: nope\n", 1)
    assert shell("--json", "--A=nope") == ("[\n\n]\n", "Error querying table: nope\n", 1)
    hash = shell("-A", "hash")
    assert hash.code == 19
    assert hash.err.endswith("Error querying table: hash\n")


def test_the_list_switch_lists_tables(shell):
    assert shell("-L") == shell(".tables")
    assert "  => uptime\n" in shell("--L").out


def test_disabled_tables_are_gone(shell):
    assert "  => uptime\n" not in shell("--disable_tables=uptime", "-L").out
    assert shell("--enable_tables=uptime,time", "--disable_tables=time", "-L").out == "  => uptime\n"
    assert shell("--disable_tables=uptime", "select * from uptime").err == "Error: no such table: uptime\n"


def test_schema_gives_a_key_of_indexed_columns(shell):
    out = shell(".schema processes").out
    assert out.startswith("CREATE TABLE processes(`pid` BIGINT, `name` TEXT, ")
    assert out.endswith(", PRIMARY KEY (`pid`)) WITHOUT ROWID;\n")
    assert out.count("\n") == 1


def test_schema_of_everything_is_sorted(shell):
    lines = shell(".schema").out.splitlines()
    assert lines == sorted(lines)
    assert len(lines) == len(shell("-L").out.splitlines())


def test_types_follow_the_output_mode(shell):
    assert shell("--json", script=".types select 1 as a;\n").out == '[\n  {"name":"a","type":"INTEGER"}\n]\n'
    assert shell("--json", ".types select 1 as a").out == '[\n  {"name":"a","type":"INTEGER"}\n]\n'
    assert shell(script=".types\tselect 1\n").code == 0
    assert shell(script=".types select *\nfrom nope;\n") == ("Error 1: no such table: nope\n", "", 0)


def test_show_prints_the_settings(shell):
    out = shell(script=".mode csv\n.nullvalue 'a\tb'\n.width 3 -4\n.echo off\n.show\n").out
    assert "         mode: csv\n" in out
    assert '    nullvalue: "a\\tb"\n' in out
    assert '    separator: ","\n' in out
    assert "        width: 3 -4 \n" in out
    assert "  disable_events: true\n" in out
    assert shell(script=".summary\n").out == shell(script=".show\n").out


def test_features_are_the_switches_that_enable_and_disable(shell):
    lines = shell(".features").out.splitlines()
    assert "disable_events: true" in lines
    assert "enable_file_events: false" in lines
    assert lines == sorted(lines)
    assert all(line.startswith(("disable_", "enable_")) for line in lines)


def test_bail_ends_a_script_at_its_first_error(shell):
    script = "select 1;\n.bogus\nselect 2;\n"
    assert shell("--list", script=script).out == "1\n1\n2\n2\n"
    assert shell("--list", script=".bail on\n" + script).out == "1\n1\n"


def test_echo_prints_commands_and_statements_before_their_rows(shell):
    script = ".echo on\n.mode list\n-- a remark\nselect 1 as a; select 2 as b;\nselect 3 as c"
    expected = ".mode list\n-- a remark\nselect 1 as a;\na\n1\nselect 2 as b;\nb\n2\nselect 3 as c\nc\n3\n"
    assert shell(script=script).out == expected
    json = shell("--json", script=".echo on\nselect 1 as a; select 2 as a;\n")
    assert json.out == 'select 1 as a;\nselect 2 as a;\n[\n  {"a":"1"},\n  {"a":"2"}\n]\n'


def test_null_text_and_separator_are_cut_to_nineteen_bytes(shell):
    ran = shell(script=f".nullvalue {'n' * 30}\n.separator {'s' * 30}\n.mode list\n.headers off\nselect null, 1;\n")
    assert ran.out == "n" * 19 + "s" * 19 + "1\n"


def test_a_null_text_of_meta_commands_does_not_reach_pretty_and_json(shell):
    assert shell("--json", script=".nullvalue NIL\nselect null as a;\n").out == '[\n  {"a":""}\n]\n'
    assert shell("--json", "--nullvalue=NIL", "select null as a").out == '[\n  {"a":"NIL"}\n]\n'
    assert "| NIL |" in shell("--nullvalue=NIL", "select null as a").out


def test_timeout_is_taken(shell):
    assert shell("--list", script=".timeout 2000\nselect 1 as a;\n") == ("a\n1\n", "", 0)


def test_exit_without_a_code_ends_the_script_with_what_came_before(shell):
    assert shell("--list", script="select 1 as a;\n.exit\nselect 2;\n") == ("a\n1\n", "", 0)
    assert shell(script=".bogus\n.exit\n").code == 1
    assert shell(".exit 4").code == 4
    assert shell(".exit").code == 0
    assert shell(script=".exit 0x10\n").code == 16
