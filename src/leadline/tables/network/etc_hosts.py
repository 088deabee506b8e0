"""The etc_hosts table."""

from __future__ import annotations

from leadline.linux import hosts
from leadline.sql.schema import POSIX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.namespaces import PID_WITH_NAMESPACE


@table(
    "etc_hosts",
    Column("address", TEXT, "IP address that the names stand for."),
    Column("hostnames", TEXT, "Canonical name, then aliases, separated by spaces."),
    PID_WITH_NAMESPACE,
    platforms=POSIX,
    aliases=["hosts"],
    cacheable=True,
    examples=["SELECT * FROM etc_hosts WHERE hostnames LIKE '%internal%'"],
    notes="From /etc/hosts; names that only a name server knows are not in it.",
)  # fmt: skip
def etc_hosts(query: Query) -> Rows:
    """Names and addresses that the hosts file gives."""
    for root, end in namespaces.roots(query):
        for address, names in hosts.entries(root):
            yield (address, " ".join(names), *end[:1])
