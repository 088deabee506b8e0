from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
from pathlib import Path
from struct import pack

import psutil
import pytest
from pyroute2 import IPRoute

from leadline.linux import netdevices, netlink, rtnetlink


def test_links_are_those_that_sysfs_shows() -> None:
    links = {link.name: link for link in rtnetlink.links()}
    assert set(links) == set(os.listdir("/sys/class/net")) - {"bonding_masters"}
    for name, link in links.items():
        place = Path("/sys/class/net") / name
        assert link.index == socket.if_nametoindex(name)
        assert link.type == int((place / "type").read_text())
        assert link.mtu == int((place / "mtu").read_text())
        assert link.address.hex(":") == (place / "address").read_text().strip()


def test_statistics_are_as_psutil_sees_them() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        for _ in range(3):
            datagram.sendto(b"x" * 100, ("127.0.0.1", 9))
    before = psutil.net_io_counters(pernic=True)
    for link in rtnetlink.links():
        ipackets, opackets, ibytes, obytes, ierrors, oerrors, idrops, odrops = link.statistics[:8]
        assert ipackets >= before[link.name].packets_recv
        assert opackets >= before[link.name].packets_sent
        assert 0 <= ibytes - before[link.name].bytes_recv < 1_000_000
        assert 0 <= obytes - before[link.name].bytes_sent < 1_000_000
        assert (ierrors, oerrors) == (before[link.name].errin, before[link.name].errout)
        assert (idrops, odrops) == (before[link.name].dropin, before[link.name].dropout)


def test_addresses_are_as_psutil_sees_them() -> None:
    expected = {
        (name, one.family, one.address, one.netmask)
        for name, addresses in psutil.net_if_addrs().items()
        for one in addresses
        if one.family in (socket.AF_INET, socket.AF_INET6)
    }
    ours = {(a.interface, a.family, a.address, rtnetlink.mask(a.family, a.prefix)) for a in rtnetlink.addresses()}
    assert ours == expected


def test_routes_are_as_pyroute2_sees_them() -> None:
    expected = []
    with IPRoute() as route:
        names = {link["index"]: link.get("ifname") for link in route.get_links()}
        for family in (socket.AF_INET, socket.AF_INET6):
            for one in route.get_routes(family=family):
                default = "0.0.0.0" if family == socket.AF_INET else "::"
                destination = (one.get("dst") or default).partition("/")[0]
                prefix, kind = one["dst_len"], one["type"]
                name = names.get(one.get("oif"))
                expected.append((destination, prefix, one.get("gateway"), name, kind, one["flags"]))
    ours = [(r.destination, r.prefix, r.gateway, r.interface, r.type, r.flags) for r in rtnetlink.routes()]
    assert sorted(map(str, ours)) == sorted(map(str, expected))


def test_masks_are_printed_as_addresses() -> None:
    assert rtnetlink.mask(2, 8) == "255.0.0.0"
    assert rtnetlink.mask(2, 0) == "0.0.0.0"
    assert rtnetlink.mask(2, 32) == "255.255.255.255"
    assert rtnetlink.mask(10, 64) == "ffff:ffff:ffff:ffff::"


def test_link_local_addresses_name_their_interface() -> None:
    assert rtnetlink.text(10, socket.inet_pton(10, "fe80::1"), "eth0") == "fe80::1%eth0"
    assert rtnetlink.text(10, socket.inet_pton(10, "febf::1"), "eth0") == "febf::1%eth0"
    assert rtnetlink.text(10, socket.inet_pton(10, "fec0::1"), "eth0") == "fec0::1"
    assert rtnetlink.text(10, socket.inet_pton(10, "ff02::1"), "eth0") == "ff02::1%eth0"
    assert rtnetlink.text(10, socket.inet_pton(10, "fe80::1")) == "fe80::1"
    assert rtnetlink.text(2, socket.inet_pton(2, "169.254.0.1"), "eth0") == "169.254.0.1"


def test_a_route_with_several_ways_yields_each() -> None:
    way = pack("=HH4s", 8, 5, socket.inet_aton("192.0.2.1"))
    other = pack("=HHH16s", 22, 18, socket.AF_INET6, socket.inet_pton(10, "fe80::9")) + b"\0\0"
    hops = pack("=HBBi", 8 + len(way), 0, 0, 3) + way + pack("=HBBi", 8 + len(other), 1, 0, 4) + other
    ways = list(rtnetlink.ways({9: hops}))
    assert [(index, flags) for _, index, flags in ways] == [(3, 0), (4, 1)]
    assert [rtnetlink.gateway(socket.AF_INET, way) for way, _, _ in ways] == ["192.0.2.1", "fe80::9"]


def test_messages_and_attributes_stop_at_damage() -> None:
    message = pack("=IHHII", 20, 16, 2, 7, 0) + b"body"
    assert list(netlink.messages(message + b"\x01")) == [(16, 2, 7, b"body")]
    assert list(netlink.messages(pack("=IHHII", 200, 16, 2, 7, 0) + b"body")) == []
    assert list(netlink.messages(pack("=IHHII", 3, 16, 2, 7, 0))) == []
    assert netlink.attributes(pack("=HHB3x", 5, 1, 9) + pack("=HHI", 8, 0x8002, 5)) == {1: b"\x09", 2: b"\x05\0\0\0"}
    assert netlink.attributes(pack("=HH", 0, 1)) == {}
    assert netlink.attributes(pack("=HH", 40, 1)) == {}


def test_the_kernels_refusal_is_an_error() -> None:
    with pytest.raises(OSError) as caught:  # the number says which
        netlink.dump(9999, bytes(16))
    assert caught.value.errno == errno.EOPNOTSUPP


def test_speed_and_flags_are_read_below_the_root(tmp_path: Path) -> None:
    place = tmp_path / "sys" / "class" / "net" / "eth7"
    place.mkdir(parents=True)
    assert netdevices.speed(str(tmp_path), "eth7") == 0
    assert netdevices.flags(str(tmp_path), "eth7") is None
    (place / "flags").write_text("0x1103\n")
    for text, expected in (("1000\n", 1000), ("-1\n", 0), ("", 0)):
        (place / "speed").write_text(text)
        assert netdevices.speed(str(tmp_path), "eth7") == expected
    assert netdevices.flags(str(tmp_path), "eth7") == 0x1103


def test_the_loopback_interface_is_on_no_bus() -> None:
    assert netdevices.bus("lo") is None
    assert netdevices.bus("no such") is None


namespaces = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("unshare") is None,
    reason="needs root, ip and unshare",
)

SCRIPT = """
set -e
ip link set lo up
ip link add d0 type veth peer name d1
ip link set d0 address 02:00:00:00:00:01 mtu 1280 up
ip addr add 198.51.100.1/25 brd + dev d0
ip addr add 203.0.113.1 peer 203.0.113.9/32 dev d0
ip addr add 198.51.100.3/25 dev d0 label d0:alias
ip link set d1 up
ip route add 10.0.0.0/8 metric 7 mtu 1200 hoplimit 9 nexthop via 198.51.100.9 dev d0 nexthop dev d1
ip -6 addr add 2001:db8:1::1/64 dev d0 nodad
ip -6 route add 2001:db9::/32 via 2001:db8:1::2 dev d0
ip route add blackhole 192.0.2.0/24
exec "$0" "$@"
"""

PROGRAM = """
import json
from leadline.linux import rtnetlink
print(json.dumps([
    [[a.interface, a.address, a.prefix, a.broadcast, a.peer] for a in rtnetlink.addresses()],
    [[r.destination, r.prefix, r.gateway, r.interface, r.metric, r.mtu, r.hops, r.type] for r in rtnetlink.routes()],
]))
"""


@namespaces
def test_what_is_set_up_in_a_namespace_of_its_own_is_seen() -> None:
    import json
    import sys

    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", SCRIPT, sys.executable, "-c", PROGRAM], capture_output=True, text=True
    )
    if done.returncode and "Operation not" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    addresses, routes = json.loads(done.stdout)
    assert ["d0", "198.51.100.1", 25, "198.51.100.127", None] in addresses
    assert ["d0", "203.0.113.1", 32, None, "203.0.113.9"] in addresses
    assert ["d0:alias", "198.51.100.3", 25, None, None] in addresses
    assert ["10.0.0.0", 8, "198.51.100.9", "d0", 7, 1200, 9, 1] in routes
    assert ["10.0.0.0", 8, None, "d1", 7, 1200, 9, 1] in routes
    assert ["192.0.2.0", 24, None, None, 0, 0, 0, 6] in routes
    assert [route[:4] for route in routes if route[0] == "2001:db9::"] == [["2001:db9::", 32, "2001:db8:1::2", "d0"]]
