"""The osquery_flags table."""

from __future__ import annotations

from leadline.sql.schema import ALL, INTEGER, TEXT, Column, Query, Rows, table
from leadline.tables.osquery import runtime


@table(
    "osquery_flags",
    Column("name", TEXT, "Name of the flag."),
    Column("type", TEXT, "Type of its value: bool, string, int32, uint64 and so on."),
    Column("description", TEXT, "What the flag does."),
    Column("default_value", TEXT, "Value it has when nobody sets it."),
    Column("value", TEXT, "Value it has now."),
    Column("shell_only", INTEGER, "1 when only the shell has the flag."),
    Column(
        "origin",
        TEXT,
        "Where the value comes from: default, command line, environment NAME, flag file PATH, config, or program when"
        " the program decided.",
        ours=True,
    ),
    platforms=ALL,
    utility=True,
    examples=[
        "SELECT name, value FROM osquery_flags WHERE value <> default_value",
        "SELECT name, value, origin FROM osquery_flags WHERE origin <> 'default'",
    ],
    notes=(
        "Flags of one or two letters are left out, as in osquery. The value is the one in force, wherever it was set."
    ),
)
def osquery_flags(query: Query) -> Rows:
    """Flags of the program that answers and the values they have."""
    for flag in _flags(query):
        if len(str(flag[0])) > 2:  # names of one and two letters are the shell's switches
            yield flag


def _flags(query: Query) -> Rows:
    source = runtime.of(query)
    if source:
        return source.flags()
    from leadline.flags import Flags

    return Flags().listed()
