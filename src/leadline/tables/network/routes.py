"""The routes table."""

from __future__ import annotations

from leadline.sql.schema import INTEGER, LINUX, POSIX, TEXT, Column, Query, Rows, table

TYPES = {1: "gateway", 2: "local", 3: "broadcast", 4: "anycast"}  # RTN_* of linux/rtnetlink.h
INET = 2


@table(
    "routes",
    Column("destination", TEXT, "Network or host that the route leads to; 0.0.0.0 or :: for the default route."),
    Column("netmask", INTEGER, "Length of the network prefix, 0 for the route to a single host."),
    Column("gateway", TEXT, "Next hop."),
    Column("source", TEXT, "Address of this host that is preferred on the route."),
    Column("flags", INTEGER, "Flags of the route."),
    Column("interface", TEXT, "Interface that packets leave by."),
    Column("mtu", INTEGER, "Largest packet, in bytes; 0 when the route does not set it."),
    Column("metric", INTEGER, "Cost; of routes to one destination the cheapest is taken."),
    Column("type", TEXT, "What the route is for: gateway, local, broadcast, anycast or other.", additional=True),
    Column("hopcount", INTEGER, "Hop limit of packets sent; 0 when the route does not set it.", platforms=POSIX),
    platforms=LINUX,
    cacheable=True,
    live=True,
    asks="the running kernel",
    examples=["SELECT gateway, interface, metric FROM routes WHERE destination = '0.0.0.0' AND netmask = 0"],
    notes=(
        "Asked from the kernel by netlink, in the network namespace of the program that asks. A route with several"
        " next hops has a row for each of them."
    ),
)
def routes(_: Query) -> Rows:
    """IPv4 and IPv6 routes of all routing tables."""
    from leadline.linux import rtnetlink

    for route in rtnetlink.routes():
        host = route.prefix == (32 if route.family == INET else 128)
        yield (
            route.destination,
            0 if host else route.prefix,
            route.gateway,
            route.source,
            route.flags,
            route.interface,
            route.mtu,
            route.metric,
            TYPES.get(route.type, "other"),
            route.hops,
        )
