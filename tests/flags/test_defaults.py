"""Defaults that programs take without asking for a flag, which would cost an import at every start."""

from __future__ import annotations

from leadline.catalogue import opening
from leadline.flags import Flags


def test_the_limits_of_an_engine_are_those_the_flags_declare() -> None:
    flags = Flags()
    taken = (opening._SECONDS, opening._MEBIBYTES, opening.REGEX_MAX_SIZE)
    assert taken == tuple(map(flags.number, ("statement_timeout", "statement_memory", "regex_max_size")))
    assert flags.on("ignore_table_exceptions")  # what an engine does when nobody gave the flag
