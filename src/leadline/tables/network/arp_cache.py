"""The arp_cache table."""

from __future__ import annotations

from leadline.linux import arp
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table


@table(
    "arp_cache",
    Column("address", TEXT, "IPv4 address."),
    Column("mac", TEXT, "Hardware address that answers for it.", collate="nocase"),
    Column("interface", TEXT, "Interface it was learned on."),
    Column("permanent", TEXT, "1 when the entry was set by hand and does not age, otherwise 0."),
    platforms=LINUX,
    examples=["SELECT mac, COUNT(*) AS addresses FROM arp_cache GROUP BY mac HAVING addresses > 1"],
    notes=(
        "From /proc/net/arp. IPv4 only: neighbours that IPv6 has found are not in it. The network namespace is"
        " that of the program that asks."
    ),
)
def arp_cache(query: Query) -> Rows:
    """Hardware addresses known for IPv4 neighbours."""
    for address, mac, interface, permanent in arp.entries(query.root):
        yield address, mac, interface, "1" if permanent else "0"
