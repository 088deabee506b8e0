from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from leadline.linux import proc, sockets

ROOT = str(Path(__file__).parents[1] / "roots" / "debian12")
HOST, CONTAINER = 4026531840, 4026532200


def found(*wanted: int) -> dict[int, list[tuple[int, int, int]]]:
    """Inode → holders and namespace."""
    by_inode: dict[int, list[tuple[int, int, int]]] = {}
    for pid, number, one, namespace in sockets.opened(ROOT, wanted or None):
        by_inode.setdefault(one[0], []).append((pid, number, namespace))
    return by_inode


def test_sockets_of_every_namespace_are_listed_once() -> None:
    assert len(found()) == 17
    unheld = {inode for inode, holders in found().items() if holders[0][0] == -1}
    assert unheld == {0, 1510, 1511, 1512, 5555, 6001, 6002, 6100, 6101, 7001}
    assert found()[4501] == [(901, 3, CONTAINER)]
    assert found()[5555] == [(-1, -1, HOST)]


def test_a_shared_socket_comes_for_each_holder() -> None:
    assert sorted(found()[3301]) == [(733, 6, HOST), (734, 6, HOST)]


def test_a_wanted_process_gets_its_own_sockets_only() -> None:
    assert found(412) == {2101: [(412, 3, HOST)], 2102: [(412, 4, HOST)]}
    assert found(901) == {4501: [(901, 3, CONTAINER)]}
    assert found(2) == {}
    assert found(4242) == {}


def test_wanting_minus_one_looks_at_everything() -> None:
    assert found(-1) == found()


@pytest.mark.parametrize(
    ("inode", "expected"),
    [
        (2101, (2101, 2, 6, "0.0.0.0", "0.0.0.0", 22, 0, "", "LISTEN")),
        (2102, (2102, 10, 6, "::", "::", 22, 0, "", "LISTEN")),
        (3310, (3310, 2, 6, "10.0.2.10", "10.0.0.11", 80, 50000, "", "ESTABLISHED")),
        (3302, (3302, 10, 6, "2001:db8::1", "::ffff:10.0.0.11", 443, 50002, "", "CLOSE_WAIT")),
        (5555, (5555, 2, 6, "127.0.0.1", "0.0.0.0", 8080, 0, "", "CLOSED")),
        (0, (0, 2, 6, "10.0.2.10", "10.0.0.11", 80, 50001, "", "TIME_WAIT")),
        (6001, (6001, 2, 17, "127.0.0.53", "0.0.0.0", 53, 0, "", "")),
        (6002, (6002, 10, 17, "fe80::fc:ff:fe00:1", "::", 546, 0, "", "")),
        (6100, (6100, 10, 58, "::", "::", 58, 0, "", "")),
        (6101, (6101, 2, 255, "0.0.0.0", "0.0.0.0", 1, 0, "", "")),
        (1501, (1501, 1, 0, "", "", 0, 0, "/run/systemd/private", "")),
        (1510, (1510, 1, 0, "", "", 0, 0, "@/tmp/.X11-unix/X0", "")),
        (1511, (1511, 1, 0, "", "", 0, 0, "", "")),
        (1512, (1512, 1, 0, "", "", 0, 0, "/run/with a space/s", "")),
        (7001, (7001, 17, 3, "", "", 0, 0, "", "")),
    ],
)
def test_every_kind_of_line_is_understood(inode: int, expected: sockets.Socket) -> None:
    assert {one for _, _, one, _ in sockets.opened(ROOT) if one[0] == inode} == {expected}


def test_without_namespaces_the_systems_own_list_is_taken(tmp_path: Path) -> None:
    net = tmp_path / "proc" / "net"
    net.mkdir(parents=True)
    (net / "tcp").write_bytes(Path(f"{ROOT}/proc/1/net/tcp").read_bytes())
    assert {namespace for _, _, _, namespace in sockets.opened(str(tmp_path))} == {0}
    assert list(sockets.opened(str(tmp_path / "nowhere"))) == []


def test_damaged_lines_are_left_out() -> None:
    assert list(sockets.internet(b"header\n  0: 00:16 00:0\n\nnonsense\n", 2, 6)) == []
    assert list(sockets.unix(b"header\nshort line\n")) == []
    assert list(sockets.packet(b"header\nshort line\n")) == []
    state = b"0: 0100007F:0001 00000000:0000 7F 0:0 0:0 0 0 0 99 1\n"
    assert [one[-1] for one in sockets.internet(b"header\n" + state, 2, 6)] == ["UNKNOWN"]


def test_links_to_no_socket_are_passed_over(tmp_path: Path) -> None:
    place = tmp_path / "proc/7/fd"
    place.mkdir(parents=True)
    for number, target in enumerate(("socket:[²]", "socket:[]", f"socket:[{'9' * 3000}]")):
        (place / str(number)).symlink_to(target)
    assert list(sockets.opened(str(tmp_path))) == []


def test_our_own_sockets_are_found(tmp_path: Path) -> None:
    path = f"{tmp_path}/s"
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as six,
        socket.create_connection(listener.getsockname()) as client,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
        socket.socket(socket.AF_UNIX) as local,
    ):
        datagram.bind(("127.0.0.1", 0))
        local.bind(path)
        local.listen()
        for wanted in ((os.getpid(),), None):
            ours = {number: one for pid, number, one, _ in sockets.opened("", wanted) if pid == os.getpid()}
            port = listener.getsockname()[1]
            assert ours[listener.fileno()][1:] == (2, 6, "127.0.0.1", "0.0.0.0", port, 0, "", "LISTEN")
            assert ours[six.fileno()][1:5] == (10, 6, "::1", "::")
            assert ours[client.fileno()][6:] == (port, "", "ESTABLISHED")
            assert ours[client.fileno()][5] == client.getsockname()[1]
            assert ours[datagram.fileno()][1:6] == (2, 17, "127.0.0.1", "0.0.0.0", datagram.getsockname()[1])
            assert ours[local.fileno()][7] == path
            assert ours[local.fileno()][0] == os.fstat(local.fileno()).st_ino
        namespaces = {namespace for pid, _, _, namespace in sockets.opened("") if pid == os.getpid()}
        assert namespaces == {proc.namespace("", os.getpid(), "net")}


def test_the_file_that_lists_a_socket_is_known_beforehand() -> None:
    kinds = {
        "tcp": (socket.AF_INET, socket.SOCK_STREAM),
        "tcp6": (socket.AF_INET6, socket.SOCK_STREAM),
        "udp": (socket.AF_INET, socket.SOCK_DGRAM),
        "udp6": (socket.AF_INET6, socket.SOCK_DGRAM),
        "unix": (socket.AF_UNIX, socket.SOCK_STREAM),
        "netlink": (socket.AF_NETLINK, socket.SOCK_RAW),
    }
    for name, (family, kind) in kinds.items():
        with socket.socket(family, kind) as one:
            assert sockets.file_of("", os.getpid(), one.fileno()) == name
    assert sockets.file_of("", os.getpid(), 0) == ""
    assert sockets.file_of(ROOT, 412, 3) == ""


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare")
def test_sockets_of_another_network_namespace_are_found() -> None:
    program = (
        "import socket, sys; one = socket.socket(); one.bind(('0.0.0.0', 4321)); one.listen();"
        "print(one.fileno(), flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        ["unshare", "--net", sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line:
            pytest.skip("no namespace may be made")
        namespace = proc.namespace("", child.pid, "net")
        assert namespace != proc.namespace("", os.getpid(), "net")
        for wanted in (None, (child.pid,)):
            (found,) = [one for one in sockets.opened("", wanted) if one[0] == child.pid]
            assert found[1] == int(line)
            assert found[2][1:] == (2, 6, "0.0.0.0", "0.0.0.0", 4321, 0, "", "LISTEN")
            assert found[3] == namespace


def test_tcp_files_that_counters_show_to_be_empty_are_not_read(tmp_path) -> None:
    idle = b"sockets: used 5\nTCP: inuse 0 orphan 0 tw 0 alloc 0 mem 0\n"
    idle6 = b"TCP6: inuse 0\nUDP6: inuse 0\n"
    directory = f"{tmp_path}/"

    def empty(first: bytes, second: bytes) -> set[str]:
        (tmp_path / "sockstat").write_bytes(first)
        (tmp_path / "sockstat6").write_bytes(second)
        return set(sockets.without_tcp(directory))

    assert sockets.without_tcp(directory) == set()  # counters that cannot be read say nothing
    assert empty(idle, idle6) == {"tcp", "tcp6"}
    assert empty(idle.replace(b"inuse 0", b"inuse 2"), idle6) == {"tcp6"}
    assert empty(idle.replace(b"tw 0", b"tw 3"), idle6) == set()  # of either family
    assert empty(idle, idle6.replace(b"TCP6: inuse 0", b"TCP6: inuse 1")) == set()  # it may accept IPv4 as well
    assert empty(b"", b"") == set()
