"""The interface_details table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, POSIX, TEXT, WINDOWS, Column, Query, Rows, table

# Flags as sysfs tells them: UP, DEBUG, NOTRAILERS, NOARP, PROMISC, ALLMULTI, MULTICAST, PORTSEL, AUTOMEDIA, DYNAMIC.
SYSFS_FLAGS = 0x0001 | 0x0004 | 0x0020 | 0x0080 | 0x0100 | 0x0200 | 0x1000 | 0x2000 | 0x4000 | 0x8000


@table(
    "interface_details",
    Column("interface", TEXT, "Name of the interface."),
    Column("mac", TEXT, "Hardware address.", collate="nocase"),
    Column("type", INTEGER, "Kind of hardware, an ARPHRD number: 1 Ethernet, 772 loopback."),
    Column("mtu", INTEGER, "Largest packet, in bytes."),
    Column("metric", INTEGER, "Metric of the interface; always 0 on Linux."),
    Column("flags", INTEGER, "Flags, a sum of IFF numbers: 1 up, 8 loopback, 256 promiscuous."),
    Column("ipackets", BIGINT, "Packets received."),
    Column("opackets", BIGINT, "Packets sent."),
    Column("ibytes", BIGINT, "Bytes received."),
    Column("obytes", BIGINT, "Bytes sent."),
    Column("ierrors", BIGINT, "Errors while receiving."),
    Column("oerrors", BIGINT, "Errors while sending."),
    Column("idrops", BIGINT, "Received packets that were dropped."),
    Column("odrops", BIGINT, "Packets to send that were dropped."),
    Column("collisions", BIGINT, "Collisions on the line."),
    Column("last_change", BIGINT, "When the interface last changed; always -1 on Linux."),
    Column("link_speed", BIGINT, "Speed in megabits a second, 0 when there is none.", platforms=POSIX),
    Column(
        "pci_slot",
        TEXT,
        "Place of the device on its bus, such as `0000:00:03.0`; -1 when it has none.",
        platforms=LINUX,
    ),
    Column("friendly_name", TEXT, "Name of the interface that users see.", platforms=WINDOWS),
    Column("description", TEXT, "Short description of the adapter.", platforms=WINDOWS),
    Column("manufacturer", TEXT, "Maker of the adapter.", platforms=WINDOWS),
    Column("connection_id", TEXT, "Name of the connection in the control panel.", platforms=WINDOWS),
    Column("connection_status", TEXT, "Whether the adapter is connected to a network.", platforms=WINDOWS),
    Column("enabled", INTEGER, "1 when the adapter is enabled.", platforms=WINDOWS),
    Column("physical_adapter", INTEGER, "1 when the adapter is hardware.", platforms=WINDOWS),
    Column("speed", INTEGER, "Estimated bandwidth in bits a second.", platforms=WINDOWS),
    Column("service", TEXT, "Name of the adapter's service.", platforms=WINDOWS),
    Column("dhcp_enabled", INTEGER, "1 when addresses come by DHCP.", platforms=WINDOWS),
    Column("dhcp_lease_expires", TEXT, "When the DHCP lease ends.", platforms=WINDOWS),
    Column("dhcp_lease_obtained", TEXT, "When the DHCP lease was given.", platforms=WINDOWS),
    Column("dhcp_server", TEXT, "Address of the DHCP server.", platforms=WINDOWS),
    Column("dns_domain", TEXT, "Domain that the host is registered in.", platforms=WINDOWS),
    Column("dns_domain_suffix_search_order", TEXT, "Domains appended to names, in order.", platforms=WINDOWS),
    Column("dns_host_name", TEXT, "Name of this host for DNS.", platforms=WINDOWS),
    Column("dns_server_search_order", TEXT, "Name servers, in order.", platforms=WINDOWS),
    platforms=LINUX,
    cacheable=True,
    live=True,
    asks="the running kernel",
    examples=["SELECT interface, mac, mtu, ibytes, obytes FROM interface_details WHERE flags & 1"],
    notes=(
        "Asked from the kernel by netlink, the speed of a link read from /sys/class/net. Counters start when the"
        " interface appears."
    ),
)
def interface_details(query: Query) -> Rows:
    """The network interfaces with their hardware and traffic."""
    from leadline.linux import netdevices, rtnetlink

    for link in rtnetlink.links():
        flags = link.flags
        own = netdevices.flags(query.root, link.name) if query.uses("flags") else None
        if own is not None:
            flags = flags & ~SYSFS_FLAGS | own & SYSFS_FLAGS
        (
            ipackets, opackets, ibytes, obytes, ierrors, oerrors, idrops, odrops, _, collisions,
        ) = link.statistics  # fmt: skip
        yield (
            link.name,
            link.address.hex(":") or "00:00:00:00:00:00",
            link.type,
            link.mtu,
            0,
            flags,
            ipackets,
            opackets,
            ibytes,
            obytes,
            ierrors,
            oerrors,
            idrops,
            odrops,
            collisions,
            -1,
            netdevices.speed(query.root, link.name) if query.uses("link_speed") else None,
            (netdevices.bus(link.name) or "-1") if query.uses("pci_slot") else None,
        )
