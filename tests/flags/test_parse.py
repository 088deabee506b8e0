"""Command lines and flag files, as gflags takes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.flags import FlagError, FlagFileError, Flags


def parsed(*arguments: str) -> tuple[Flags, list[str]]:
    flags = Flags()
    return flags, flags.parse(arguments)


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        (["--json"], "json", "true"),
        (["-json"], "json", "true"),
        (["--json=false"], "json", "false"),
        (["--json=YES"], "json", "true"),
        (["--nojson"], "json", "false"),
        (["--noheader"], "header", "false"),
        (["--separator=,"], "separator", ","),
        (["--separator", ","], "separator", ","),
        (["--separator", "--"], "separator", "--"),
        (["--separator="], "separator", ""),
        (["--query=a=b"], "query", "a=b"),
        (["--profile", "-3"], "profile", "-3"),
        (["--profile=0x10"], "profile", "16"),
        (["--profile=010"], "profile", "10"),
        (["--config-refresh=5"], "config_refresh", "5"),
        (["--db_path=/x"], "database_path", "/x"),
        (["--logger_tls_max=9"], "logger_tls_max_linesize", "9"),
        (["--csv", "--nocsv"], "csv", "false"),
    ],
)
def test_a_flag_takes_its_value(arguments, name, value):
    flags, rest = parsed(*arguments)
    assert flags.text(name) == value
    assert flags.origin(name) == "command line"
    assert rest == []


def test_values_have_types():
    flags, _ = parsed("--profile=7", "--json")
    assert flags.number("profile") == 7
    assert flags.real("profile") == 7.0
    assert flags.on("json") is True
    assert flags.on("csv") is False
    assert flags.origin("csv") == "default"
    assert flags.given("json")
    assert not flags.given("csv")


@pytest.mark.parametrize(
    ("arguments", "rest"),
    [
        (["a", "--json", "b"], ["a", "b"]),
        (["--", "--json"], ["--json"]),
        (["a", "--", "--json", "b"], ["--json", "b", "a"]),
        (["-", ""], ["-", ""]),
        (["--separator", "x", "y"], ["y"]),
    ],
)
def test_what_is_no_flag_is_left(arguments, rest):
    assert parsed(*arguments)[1] == rest


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--bogus"], "ERROR: unknown command line flag 'bogus'"),
        (["--bogus=1"], "ERROR: unknown command line flag 'bogus'"),
        (["--nobogus"], "ERROR: unknown command line flag 'nobogus'"),
        (["--noseparator"], "ERROR: boolean value (noseparator) specified for string command line flag"),
        (["--profile=x"], "ERROR: illegal value 'x' specified for int32 flag 'profile'"),
        (["--profile="], "ERROR: illegal value '' specified for int32 flag 'profile'"),
        (["--profile=2147483648"], "ERROR: illegal value '2147483648' specified for int32 flag 'profile'"),
        (["--profile=1_0"], "ERROR: illegal value '1_0' specified for int32 flag 'profile'"),
        (["--profile=-0x1"], "ERROR: illegal value '-0x1' specified for int32 flag 'profile'"),
        (["--config_refresh=-1"], "ERROR: illegal value '-1' specified for uint64 flag 'config_refresh'"),
        (["--json=maybe"], "ERROR: illegal value 'maybe' specified for bool flag 'json'"),
        (["--alarm_timeout=9"], "ERROR: failed validation of new value '9' for flag 'alarm_timeout'"),
        (["--zz", "--aa"], "ERROR: unknown command line flag 'aa'\nERROR: unknown command line flag 'zz'"),
        (["--undefok=aa", "--aa", "--zz"], "ERROR: unknown command line flag 'zz'"),
        (["--flagfile=a,,b"], "ERROR: empty flaglist entry"),
        (
            ["--fromenv=LEADLINE_NONE"],
            "ERROR: unknown command line flag 'LEADLINE_NONE' (via --fromenv or --tryfromenv)",
        ),
    ],
)
def test_a_mistake_has_gflags_text(arguments, text):
    with pytest.raises(FlagError) as caught:
        parsed(*arguments)
    assert caught.value.text() == text


def test_a_missing_value_is_told_with_the_description():
    with pytest.raises(FlagError) as caught:
        parsed("select 1", "--separator")
    assert str(caught.value).startswith("flag '--separator' is missing its argument; flag description: Text between")


def test_undefok_allows_unknown_flags():
    flags, rest = parsed("--undefok=new,other", "--new=1", "--noother", "x")
    assert rest == ["x"]
    assert flags.text("undefok") == "new,other"


def test_mistakes_are_forgiven_when_the_version_is_asked_for():
    flags, _ = parsed("--version", "--bogus")
    assert flags.on("version")


def test_the_environment_is_read_where_it_is_named(monkeypatch):
    monkeypatch.setenv("FLAGS_separator", ";")
    flags, _ = parsed("--fromenv=separator", "--tryfromenv=query")
    assert flags.text("separator") == ";"
    assert flags.origin("separator") == "environment FLAGS_separator"
    with pytest.raises(FlagError, match="FLAGS_query not found in environment"):
        parsed("--fromenv=query")


def test_a_flag_file_holds_a_flag_a_line(tmp_path):
    path = tmp_path / "flags"
    path.write_text("# a remark\n\n  --csv\r\n-separator=, \n--unknown=1\n--query select 1\n--noheader\n")
    flags, _ = parsed(f"--flagfile={path}")
    assert flags.on("csv")
    assert flags.text("separator") == ", "
    assert flags.text("query") == ""
    assert not flags.on("header")
    assert flags.origin("csv") == f"flag file {path}"


def test_flag_files_nest_and_later_flags_win(tmp_path):
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.write_text("--separator=inner\n--query=inner\n")
    outer.write_text(f"--separator=outer\n--flagfile={inner}\n")
    flags, _ = parsed("--separator=line", f"--flagfile={outer}", "--query=line")
    assert flags.text("separator") == "inner"
    assert flags.text("query") == "line"
    assert parsed(f"--flagfile={inner},{outer}")[0].text("separator") == "inner"


def test_a_flag_file_with_a_bad_value_is_a_mistake(tmp_path):
    path = tmp_path / "flags"
    path.write_text("--profile=x\n")
    with pytest.raises(FlagError, match="illegal value 'x' specified for int32 flag 'profile'"):
        parsed("--flagfile", str(path))


def test_a_flag_file_that_names_itself_is_a_mistake(tmp_path):
    path = tmp_path / "flags"
    path.write_text(f"--flagfile={path}\n")
    with pytest.raises(FlagError, match="nested"):
        parsed(f"--flagfile={path}")


def test_a_flag_file_that_cannot_be_read_is_told_as_perror_does(tmp_path):
    with pytest.raises(FlagFileError) as caught:
        parsed(f"--flagfile={tmp_path}/none")
    assert caught.value.text() == f"{tmp_path}/none: No such file or directory"


def test_sections_of_a_flag_file_are_for_programs(tmp_path):
    path = tmp_path / "flags"
    path.write_text("--query=all\nosqueryd other*\n--separator=d\nosqueryi\n--separator=i\n--csv\n")
    flags = Flags()
    flags.parse([f"--flagfile={path}"], "/usr/bin/osqueryi")
    assert (flags.text("query"), flags.text("separator"), flags.on("csv")) == ("all", "i", True)
    flags = Flags()
    flags.parse([f"--flagfile={path}"], "other1")
    assert (flags.text("query"), flags.text("separator"), flags.on("csv")) == ("all", "d", False)


def test_the_default_flag_file_is_read_only_when_none_is_named(tmp_path):
    fallback, named = tmp_path / "default", tmp_path / "named"
    fallback.write_text("--separator=fallback\n")
    named.write_text("")
    flags = Flags()
    flags.parse([], fallback=str(fallback))
    assert flags.text("separator") == "fallback"
    flags = Flags()
    flags.parse([f"--flagfile={named}"], fallback=str(fallback))
    assert flags.text("separator") == "|"
    assert Flags().parse(["x"], fallback=str(tmp_path / "none")) == ["x"]


@given(st.lists(st.text(max_size=12), max_size=5))
def test_any_command_line_is_parsed_or_refused_with_a_text(arguments):
    flags = Flags()
    try:
        flags.parse([argument.replace("flagfile", "") for argument in arguments])
    except FlagError as error:
        refused = error.text()
    else:
        refused = ""
    assert refused or flags.text("flagfile") == ""
