from __future__ import annotations

import os
import socket


def test_sockets_without_another_end_are_listed(captured) -> None:
    rows = captured("SELECT * FROM listening_ports")
    assert sorted(tuple(row.values())[:8] for row in rows if row["family"] != 1) == [
        (-1, 0, 3, 17, "", -1, 7001, None),
        (-1, 1, 255, 2, "0.0.0.0", -1, 6101, None),
        (-1, 53, 17, 2, "127.0.0.53", -1, 6001, None),
        (-1, 58, 58, 10, "::", -1, 6100, None),
        (-1, 546, 17, 10, "fe80::fc:ff:fe00:1", -1, 6002, None),
        (-1, 8080, 6, 2, "127.0.0.1", -1, 5555, None),
        (412, 22, 6, 2, "0.0.0.0", 3, 2101, None),
        (412, 22, 6, 10, "::", 4, 2102, None),
        (733, 80, 6, 2, "0.0.0.0", 6, 3301, None),
        (734, 80, 6, 2, "0.0.0.0", 6, 3301, None),
        (901, 8080, 6, 2, "172.17.0.2", 3, 4501, None),
    ]
    assert [row["net_namespace"] for row in rows if row["pid"] == 901] == ["4026532200"]


def test_local_sockets_have_a_path_and_no_port(captured) -> None:
    rows = captured("SELECT pid, port, socket, address, path FROM listening_ports WHERE family = 1 ORDER BY path")
    assert [tuple(row.values()) for row in rows] == [
        (1, 0, 0, None, "/run/systemd/private"),
        (-1, 0, 0, None, "/run/with a space/s"),
        (-1, 0, 0, None, "@/tmp/.X11-unix/X0"),
    ]


def test_a_port_we_listen_on_is_ours(live) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        rows = live(f"SELECT pid, fd, address, protocol, family FROM listening_ports WHERE port = {port} AND pid <> -1")
        assert [tuple(row.values()) for row in rows] == [(os.getpid(), listener.fileno(), "127.0.0.1", 6, 2)]
