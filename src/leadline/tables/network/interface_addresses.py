"""The interface_addresses table."""

from __future__ import annotations

from leadline.sql.schema import LINUX, TEXT, WINDOWS, Column, Query, Rows, table


@table(
    "interface_addresses",
    Column("interface", TEXT, "Name of the interface, or of the alias that the address was given."),
    Column("address", TEXT, "Address; a link-local one has % and the interface behind it."),
    Column("mask", TEXT, "Network mask."),
    Column("broadcast", TEXT, "Broadcast address."),
    Column("point_to_point", TEXT, "Address of the other end of a link that has just two."),
    Column("type", TEXT, "How the address was assigned; always unknown on Linux."),
    Column("friendly_name", TEXT, "Name of the interface that users see.", platforms=WINDOWS),
    platforms=LINUX,
    cacheable=True,
    live=True,
    asks="the running kernel",
    examples=["SELECT interface, address FROM interface_addresses WHERE address NOT LIKE '127.%' AND address <> '::1'"],
    notes=(
        "Asked from the kernel by netlink, in the network namespace of the program that asks. IPv6 addresses of a"
        " link carry the interface's name behind a percent sign."
    ),
)
def interface_addresses(_: Query) -> Rows:
    """IPv4 and IPv6 addresses of the network interfaces."""
    from leadline.linux import rtnetlink

    for one in rtnetlink.addresses():
        mask = rtnetlink.mask(one.family, one.prefix)
        yield one.interface, one.address, mask, one.broadcast, one.peer, "unknown"
