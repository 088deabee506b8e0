"""The lxd_networks table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers.lxd import Daemon, quoted
from leadline.tables.containers.values import number, text, texts, yes

_COUNTERS = ("bytes_received", "bytes_sent", "packets_received", "packets_sent")


@table(
    "lxd_networks",
    Column("name", TEXT, "Name of the network."),
    Column("type", TEXT, "Kind of network, such as `bridge` or `physical`."),
    Column("managed", INTEGER, "1 when LXD manages it, 0 when it only found it."),
    Column("ipv4_address", TEXT, "IPv4 address of the bridge with the length of its prefix, or `none`."),
    Column("ipv6_address", TEXT, "IPv6 address of the bridge with the length of its prefix, or `none`."),
    Column("used_by", TEXT, "Instances and other users of it, separated by commas."),
    Column("bytes_received", BIGINT, "Bytes received."),
    Column("bytes_sent", BIGINT, "Bytes sent."),
    Column("packets_received", BIGINT, "Packets received."),
    Column("packets_sent", BIGINT, "Packets sent."),
    Column("hwaddr", TEXT, "Hardware address."),
    Column("state", TEXT, "`up` or `down`."),
    Column("mtu", INTEGER, "Largest packet in bytes."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT name, type, ipv4_address, used_by FROM lxd_networks WHERE managed = 1"],
    notes="From LXD's REST API over the socket that the flag `lxd_socket` names; networks of the default project.",
)
def lxd_networks(query: Query) -> Rows:
    """Networks that LXD offers its instances, and the other interfaces of this machine that it knows."""
    daemon = Daemon(query)
    for network in daemon.all("networks"):
        name = text(network, "name") or ""
        live = query.uses(*_COUNTERS, "hwaddr", "state", "mtu")
        state = daemon.get(f"/1.0/networks/{quoted(name)}/state", complain=False) if live and name else None
        yield (
            name,
            text(network, "type"),
            yes(network, "managed"),
            text(network, "config", "ipv4.address") or "",
            text(network, "config", "ipv6.address") or "",
            ",".join(_user(path) for path in texts(network, "used_by")),
            *(number(state, "counters", counter) for counter in _COUNTERS),
            text(state, "hwaddr"),
            text(state, "state"),
            number(state, "mtu"),
        )


def _user(path: str) -> str:
    """An instance by its name, anything else by its path."""
    return path.removeprefix("/1.0/containers/").removeprefix("/1.0/instances/")
