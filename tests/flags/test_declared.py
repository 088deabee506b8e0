"""The declarations themselves."""

from __future__ import annotations

import pytest

from leadline.flags import Flags
from leadline.flags.declared import SUBJECTS
from leadline.flags.describe import KINDS, subjects
from leadline.flags.help import listing
from leadline.flags.values import canonical

DECLARED = Flags().declarations()


def test_every_flag_is_declared_once():
    names = [flag.name for _, flags in subjects() for flag in flags]
    assert len(names) == len(set(names)) == len(DECLARED)


def test_every_linux_flag_of_osquery_is_there():
    listed = [name for name, kind, *_ in DECLARED if kind != "library"]
    assert len(listed) >= 236
    assert {"config_path", "distributed_interval", "logger_tls_endpoint", "A", "S", "profile_delay"} <= set(listed)


@pytest.mark.parametrize("flag", DECLARED, ids=lambda flag: flag[0])
def test_a_declaration_is_whole(flag):
    name, kind, _, default, description = flag
    assert name.isidentifier()
    assert kind in KINDS
    assert canonical(flag, default) == default
    assert description.endswith(".")
    assert description[0].isupper()


def test_aliases_name_flags():
    flags = Flags()
    assert flags.declaration("db_path") == flags.declaration("database_path")
    assert flags.declaration("logger_tls_max") == flags.declaration("logger_tls_max_linesize")
    assert flags.declaration("config_tls_refresh") == flags.declaration("config_refresh")


def test_help_has_every_flag_that_is_not_hidden_under_its_subject():
    text = "".join(listing())
    assert [line[:-1] for line in text.split("\n") if line and line[0] != " "] == list(SUBJECTS.values())
    for name, kind, *_ in DECLARED:
        dash = "-" if len(name) == 1 else "--"
        assert (f"\n  {dash}{name}" in text) is (kind != "hidden")
    assert "\n  --json " not in "".join(listing(["SHELL_FLAG"]))


def test_looking_up_a_shell_flag_loads_no_other_subject():
    flags = Flags()
    flags.parse(["--json", "select 1"])
    assert flags.on("json")
    assert flags.text("separator") == "|"
    assert {flag[1] for flag in flags._declared.values()} == {"shell", "hidden"}
