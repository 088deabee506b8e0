"""Network links, addresses and routes of the running kernel, in the network namespace we are in.

rtnetlink(7); structures and numbers are those of linux/if_link.h, linux/if_addr.h and linux/rtnetlink.h.
"""

from __future__ import annotations

import sys

from leadline.linux import netlink
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

GET_LINK = 18
GET_ADDRESS = 22
GET_ROUTE = 26

INET = 2
INET6 = 10

BROADCAST = 0x2  # IFF_BROADCAST


class Link:
    """An interface. ``statistics`` are received and sent packets, received and sent bytes, errors received and sent,
    dropped received and sent, multicast, collisions."""

    __slots__ = ("address", "flags", "index", "mtu", "name", "statistics", "type")

    def __init__(
        self, index: int, name: str, type: int, flags: int, mtu: int, address: bytes, statistics: tuple[int, ...]
    ) -> None:
        self.index = index
        self.name = name
        self.type = type  # ARPHRD_* of linux/if_arp.h
        self.flags = flags
        self.mtu = mtu
        self.address = address
        self.statistics = statistics


def links() -> Iterator[Link]:
    """The interfaces. Raises OSError as netlink.dump does."""
    from struct import pack, unpack_from

    for body in netlink.dump(GET_LINK, pack("=BxHiII", 0, 0, 0, 0, 0)):
        type, index, flags = unpack_from("=HiI", body, 2)
        found = netlink.attributes(body, 16)
        statistics: tuple[int, ...] = (0,) * 10
        if 23 in found:  # IFLA_STATS64
            statistics = unpack_from("=10Q", found[23])
        elif 7 in found:  # IFLA_STATS, of kernels before 2.6.35
            statistics = unpack_from("=10I", found[7])
        yield Link(index, _name(found[3]), type, flags, _number(found.get(4)), found.get(1, b""), statistics)


class Address:
    """An address of an interface: both ends of a point-to-point link, or the broadcast address, where it has one."""

    __slots__ = ("address", "broadcast", "family", "interface", "peer", "prefix")

    def __init__(
        self, interface: str, family: int, address: str, prefix: int, broadcast: str | None, peer: str | None
    ) -> None:
        self.interface = interface
        self.family = family
        self.address = address
        self.prefix = prefix
        self.broadcast = broadcast
        self.peer = peer


def addresses() -> Iterator[Address]:
    """The IPv4 and IPv6 addresses of all interfaces; a label (eth0:1) stands for the interface's name.

    An address that means something on its link only has ``%`` and the interface behind it, as getnameinfo(3)
    prints it. Raises OSError as netlink.dump does.
    """
    from struct import pack, unpack_from

    interfaces = {link.index: (link.name, link.flags) for link in links()}
    for body in netlink.dump(GET_ADDRESS, pack("=BBBBI", 0, 0, 0, 0, 0)):
        family, prefix, _, _, index = unpack_from("=BBBBI", body)
        found = netlink.attributes(body, 8)
        name, flags = interfaces.get(index, ("", 0))
        address, local, broadcast = found.get(1), found.get(2), found.get(4)
        own = address if local is None else local
        if own is None or family not in (INET, INET6):
            continue
        peer = None
        # IFA_ADDRESS repeats an address that has no other end; where broadcasts cannot be, it is the other end
        if local is not None and address is not None and (address != local or not flags & BROADCAST):
            peer = text(family, address, name)
        yield Address(
            _name(found[3]) if 3 in found else name,
            family,
            text(family, own, name),
            prefix,
            text(family, broadcast) if broadcast is not None and flags & BROADCAST else None,
            peer,
        )


class Route:
    """A route, or one way of a route that has several."""

    __slots__ = (
        "destination", "family", "flags", "gateway", "hops", "interface", "metric", "mtu", "prefix", "source", "type",
    )  # fmt: skip

    def __init__(
        self,
        family: int,
        type: int,
        destination: str,
        prefix: int,
        source: str | None,
        metric: int,
        mtu: int,
        hops: int,
    ) -> None:
        self.family = family
        self.type = type  # RTN_*
        self.destination = destination
        self.prefix = prefix
        self.source = source
        self.metric = metric
        self.mtu = mtu
        self.hops = hops
        self.gateway: str | None = None
        self.interface: str | None = None
        self.flags = 0


def routes() -> Iterator[Route]:
    """The routes of all routing tables, IPv4 and IPv6. Raises OSError as netlink.dump does."""
    from struct import pack, unpack_from

    interfaces = {link.index: link.name for link in links()}
    for body in netlink.dump(GET_ROUTE, pack("=8BI", *(0,) * 9)):
        family, prefix, _, _, _, _, _, type, flags = unpack_from("=8BI", body)
        if family not in (INET, INET6):
            continue
        found = netlink.attributes(body, 12)
        metrics = netlink.attributes(found.get(8, b""))
        for way, index, more in ways(found):
            route = Route(
                family,
                type,
                text(
                    family, found.get(1) or bytes(4 if family == INET else 16)
                ),  # RTA_DST, left out by a default route
                prefix,
                text(family, found[7]) if 7 in found else None,
                _number(found.get(6)),
                _number(metrics.get(2)),
                _number(metrics.get(10)),
            )
            route.gateway = gateway(family, way)
            route.interface = interfaces.get(index)
            route.flags = flags | more
            yield route


def ways(found: dict[int, bytes]) -> Iterator[tuple[dict[int, bytes], int, int]]:
    """Where a route leads: attributes with the gateway, interface number, flags; several for a multipath route."""
    from struct import unpack_from

    data = found.get(9)  # RTA_MULTIPATH: struct rtnexthop, each followed by its attributes
    if data is None:
        yield found, _number(found.get(4)), 0
        return
    at = 0
    while at + 8 <= len(data):
        length, flags, _, index = unpack_from("=HBBi", data, at)
        if length < 8:
            return
        yield netlink.attributes(data[at : at + length], 8), index, flags
        at += (length + 3) & ~3


def gateway(family: int, way: dict[int, bytes]) -> str | None:
    """The next hop, which may be of another family than the route (RTA_VIA)."""
    if 5 in way:
        return text(family, way[5])
    if 18 in way:
        return text(int.from_bytes(way[18][:2], sys.byteorder), way[18][2:])
    return None


def text(family: int, address: bytes, interface: str = "") -> str:
    """An address as inet_ntop(3) prints it, a link-local one with the interface when that is given."""
    from _socket import inet_ntop

    printed = inet_ntop(family, address)
    if interface and family == INET6 and (address[:2] == b"\xff\x02" or (address[0] == 0xFE and address[1] >> 6 == 2)):
        return f"{printed}%{interface}"
    return printed


def mask(family: int, prefix: int) -> str:
    """The network mask of a prefix length."""
    bits = 32 if family == INET else 128
    return text(family, ((1 << bits) - (1 << (bits - prefix))).to_bytes(bits // 8, "big"))


def _name(data: bytes) -> str:
    return decode(data.rstrip(b"\0"))


def _number(data: bytes | None) -> int:
    return 0 if data is None else int.from_bytes(data[:4], sys.byteorder)
