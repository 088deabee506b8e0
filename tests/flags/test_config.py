"""Flags that a configuration sets, and what osquery_flags lists."""

from __future__ import annotations

import pytest

from leadline.flags import FlagError, FlagRefusedError, Flags


def test_the_configuration_sets_what_is_not_for_the_command_line_only():
    flags = Flags()
    flags.set("distributed_interval", "10")
    assert flags.number("distributed_interval") == 10
    assert flags.origin("distributed_interval") == "config"
    flags.set("logger_tls_max", "5")
    assert flags.number("logger_tls_max_linesize") == 5


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "config_plugin",
            "The CLI only flag --config_plugin set via config file will be ignored, please use a flagfile or pass it to"
            " the process at startup",
        ),
        ("nope", "Cannot set unknown or invalid flag: nope"),
        ("flagfile", "Cannot set unknown or invalid flag: flagfile"),
    ],
)
def test_the_configuration_may_not_set_everything(name, text):
    with pytest.raises(FlagRefusedError) as caught:
        Flags().set(name, "x")
    assert str(caught.value) == text


def test_a_value_that_does_not_fit_changes_nothing():
    flags = Flags()
    with pytest.raises(FlagError, match="illegal value 'x' specified for uint64 flag 'distributed_interval'"):
        flags.set("distributed_interval", "x")
    assert flags.number("distributed_interval") == 60


def test_custom_options_need_no_declaration():
    flags = Flags()
    flags.set("custom_site", "harbour")
    assert flags.text("custom_site") == "harbour"
    assert ("custom_site", "string", "", "", "harbour", 0) in list(flags.rows())


def test_what_a_configuration_set_can_be_taken_back():
    flags = Flags()
    flags.parse(["--separator=,"])
    flags.set("distributed_interval", "10")
    flags.set("custom_site", "harbour")
    assert flags.configure({}) == {}
    assert flags.number("distributed_interval") == 60
    assert flags.text("separator") == ","
    with pytest.raises(FlagError):
        flags.text("custom_site")


def test_rows_are_sorted_and_hold_defaults_and_values():
    flags = Flags()
    flags.parse(["--json", "--logger_plugin=tls"])
    rows = list(flags.rows())
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    by_name = {row[0]: row for row in rows}
    assert by_name["json"][3:] == ("false", "true", 1)
    assert by_name["logger_plugin"][3:] == ("filesystem", "tls", 0)
    assert "flagfile" not in by_name
    assert "db_path" not in by_name


def test_a_program_may_assume_a_flag():
    flags = Flags()
    flags.assume("disable_events", "true")
    assert flags.on("disable_events")
    assert flags.origin("disable_events") == "program"
