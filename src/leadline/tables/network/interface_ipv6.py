"""The interface_ipv6 table."""

from __future__ import annotations

from leadline.linux import ipv6conf
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table


@table(
    "interface_ipv6",
    Column("interface", TEXT, "Name of the interface."),
    Column("hop_limit", INTEGER, "Hops that packets are sent with."),
    Column("forwarding_enabled", INTEGER, "1 when it forwards packets of others, else 0."),
    Column("redirect_accept", INTEGER, "1 when it heeds redirects, else 0."),
    Column("rtadv_accept", INTEGER, "1 when it heeds router advertisements, else 0."),
    platforms=LINUX,
    live=True,
    asks="the running kernel",
    examples=["SELECT interface FROM interface_ipv6 WHERE redirect_accept = 1 OR rtadv_accept = 1"],
    notes=(
        "From /proc/sys/net/ipv6/conf for each interface of the network namespace. What is accepted takes forwarding"
        " and the setting for all interfaces into account. All numbers of an interface without IPv6 are -1."
    ),
)
def interface_ipv6(_: Query) -> Rows:
    """What IPv6 does on each network interface."""
    from leadline.linux import rtnetlink

    everywhere = ipv6conf.number("", "all", "accept_redirects")
    for link in rtnetlink.links():
        forwarding = ipv6conf.number("", link.name, "forwarding")
        if forwarding < 0:
            yield link.name, -1, -1, -1, -1
            continue
        redirects = ipv6conf.number("", link.name, "accept_redirects")
        advertisements = ipv6conf.number("", link.name, "accept_ra")
        # A host takes redirects when either setting allows it, a router only when both do. 2 means router or not.
        heeds = everywhere and redirects if forwarding else everywhere or redirects
        yield (
            link.name,
            ipv6conf.number("", link.name, "hop_limit"),
            forwarding,
            int(heeds > 0),
            int(advertisements == 2 or (advertisements == 1 and not forwarding)),
        )
