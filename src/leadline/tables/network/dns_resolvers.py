"""The dns_resolvers table."""

from __future__ import annotations

from leadline.linux import resolvconf
from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.namespaces import PID_WITH_NAMESPACE


@table(
    "dns_resolvers",
    Column("id", INTEGER, "Place among those of its type, from 0."),
    Column("type", TEXT, "What it is: `nameserver`, `sortlist` or `search`."),
    Column("address", TEXT, "Address of a name server or a preferred network, or domain that is searched."),
    Column("netmask", TEXT, "Length of the network's prefix; 32 for a name server."),
    Column("options", BIGINT, "Options of the resolver, as the bits of resolv.h."),
    PID_WITH_NAMESPACE,
    platforms=LINUX,
    examples=["SELECT address FROM dns_resolvers WHERE type = 'nameserver'"],
    notes=(
        "From /etc/resolv.conf as the C library reads it: at most three name servers, the one on this machine when none"
        " is named, and the domain of the host's name when no other is searched."
    ),
)  # fmt: skip
def dns_resolvers(query: Query) -> Rows:
    """Name servers, domains that are searched and networks that are preferred when names are looked up."""
    for root, end in namespaces.roots(query):
        found = resolvconf.read(root)
        for place, address in enumerate(found.servers):
            yield (place, resolvconf.NAMESERVER, address, "32", found.options, *end[:1])
        for place, (address, prefix) in enumerate(found.sorted):
            yield (place, resolvconf.SORTLIST, address, str(prefix), found.options, *end[:1])
        for place, domain in enumerate(found.domains):
            yield (place, resolvconf.SEARCH, domain, None, found.options, *end[:1])
