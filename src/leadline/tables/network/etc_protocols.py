"""The etc_protocols table."""

from __future__ import annotations

from leadline.linux import protocols
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "etc_protocols",
    Column("name", TEXT, "Name of the protocol."),
    Column("number", INTEGER, "Number it has in IP headers."),
    Column("alias", TEXT, "First further name."),
    Column("comment", TEXT, "Comment on the same line."),
    platforms=LINUX,
    cacheable=True,
    examples=["SELECT name, comment FROM etc_protocols WHERE number = 132"],
    notes="From /etc/protocols; empty where no package has installed it.",
)
def etc_protocols(query: Query) -> Rows:
    """Numbers of the protocols that IP carries, from the protocols file."""
    for protocol in protocols.entries(query.root):
        yield protocol.name, protocol.number, protocol.alias, protocol.comment
