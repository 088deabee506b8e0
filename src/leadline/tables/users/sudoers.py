"""The sudoers table."""

from __future__ import annotations

from leadline.linux import sudoers as rules
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table


@table(
    "sudoers",
    Column("source", TEXT, "File that holds the line."),
    Column("header", TEXT, "First word: a user, a `%group`, `Defaults`, an alias or an include."),
    Column("rule_details", TEXT, "Rest of the line."),
    platforms=LINUX,
    examples=[
        "SELECT header, rule_details, source FROM sudoers WHERE rule_details LIKE '%NOPASSWD%'",
        "SELECT header, rule_details FROM sudoers WHERE header = 'Defaults'",
    ],
    notes=(
        "From /etc/sudoers and what it includes, which only root may read: empty for others. Lines are not interpreted:"
        " aliases stay as they are. At most 128 files deep, and a file that includes itself is read once."
    ),
)  # fmt: skip
def sudoers(query: Query) -> Rows:
    """Who may run what as whom by sudo, line by line."""
    for line in rules.lines(query.root):
        if query.cancelled():
            return
        yield line.source, line.header, line.details
