from __future__ import annotations

import os
import socket

import psutil


def test_environment_of_captured_processes(captured) -> None:
    assert captured("SELECT * FROM process_envs WHERE pid = 901 AND value <> ''") == [
        {"pid": 901, "key": "A", "value": "1"},
        {"pid": 901, "key": "B", "value": "x=y"},
        {"pid": 901, "key": "C", "value": "\\xFF"},
        {"pid": 901, "key": "D", "value": "last"},
    ]
    rows = captured("SELECT p.name, e.value FROM processes p JOIN process_envs e USING (pid) WHERE e.key = 'TERM'")
    assert rows == [{"name": "systemd", "value": "linux"}]


def test_open_files_leave_sockets_and_pipes_out(captured) -> None:
    assert captured("SELECT fd, path FROM process_open_files WHERE pid = 1 ORDER BY fd") == [
        {"fd": 0, "path": "/dev/null"},
        {"fd": 1, "path": "/dev/null"},
        {"fd": 5, "path": "/proc/1/mountinfo"},
    ]
    assert captured("SELECT pid, fd FROM process_open_files WHERE path LIKE '%(deleted)'") == [{"pid": 733, "fd": 2}]
    assert captured("SELECT path FROM process_open_files WHERE fd = 8") == [{"path": "/srv/caf\\xE9/log"}]


def test_our_own_open_files_are_as_psutil_sees_them(live, tmp_path) -> None:
    with open(tmp_path / "open", "w", encoding="utf-8"):
        ours = live(f"SELECT fd, path FROM process_open_files WHERE pid = {os.getpid()}")
        paths = {(row["fd"], row["path"]) for row in ours}
        assert {(one.fd, one.path) for one in psutil.Process().open_files()} <= paths
        assert str(tmp_path / "open") in {path for _, path in paths}


def test_memory_maps_of_captured_processes(captured) -> None:
    rows = captured("SELECT * FROM process_memory_map WHERE pid = 733")
    assert [tuple(row.values()) for row in rows] == [
        (733, "0x55d1c0a00000", "0x55d1c0a20000", "r--p", 0, "fe:01", 131842, "/usr/sbin/nginx (deleted)", 0),
        (733, "0x55d1c0a20000", "0x55d1c0b10000", "r-xp", 131072, "fe:01", 131842, "/usr/sbin/nginx (deleted)", 0),
        (733, "0x55d1c1f00000", "0x55d1c1f40000", "rw-p", 0, "00:00", 0, "[heap]", 1),
        (733, "0x7f10a0000000", "0x7f10a0400000", "rw-s", 0, "00:01", 2048, "/dev/zero (deleted)", 0),
        (733, "0x7f10a1200000", "0x7f10a1226000", "r--p", 0, "fe:01", 131200, "/srv/my data/lib one.so", 0),
        (733, "0x7f10a1400000", "0x7f10a1402000", "rw-p", 0, "00:00", 0, "", 0),
        (733, "0x7ffd3c000000", "0x7ffd3c021000", "rw-p", 0, "00:00", 0, "[stack]", 1),
        (733, "0xffffffffff600000", "0xffffffffff601000", "--xp", 0, "00:00", 0, "[vsyscall]", 1),
    ]


def test_our_own_memory_map_is_as_psutil_sees_it(live) -> None:
    rows = live(f"SELECT path FROM process_memory_map WHERE pid = {os.getpid()} AND pseudo = 0")
    ours = {row["path"] for row in rows}
    theirs = {one.path for one in psutil.Process().memory_maps() if one.path.startswith("/")}
    assert theirs <= ours


def test_sockets_of_captured_processes(captured) -> None:
    rows = captured("SELECT * FROM process_open_sockets WHERE pid = 734 AND state = 'ESTABLISHED'")
    assert [tuple(row.values()) for row in rows] == [
        (734, 9, 3310, 2, 6, "10.0.2.10", "10.0.0.11", 80, 50000, "", "ESTABLISHED", "4026531840")
    ]
    rows = captured("SELECT pid, fd, net_namespace FROM process_open_sockets WHERE socket = 5555")
    assert [tuple(row.values()) for row in rows] == [(-1, -1, "4026531840")]


def test_narrowing_by_pid_changes_no_row(captured) -> None:
    everything = captured("SELECT * FROM process_open_sockets")
    assert len(everything) == 19
    for pid in (-1, 1, 412, 733, 734, 901, 999):
        expected = [row for row in everything if row["pid"] == pid]
        assert captured(f"SELECT * FROM process_open_sockets WHERE pid = {pid}") == expected
    narrowed = captured("SELECT * FROM process_open_sockets WHERE pid IN (-1, 901)")
    assert narrowed == [row for row in everything if row["pid"] in (-1, 901)]


def test_a_join_with_processes_finds_every_holder(captured) -> None:
    rows = captured("SELECT name, COUNT(*) AS held FROM processes JOIN process_open_sockets USING (pid) GROUP BY name")
    assert {row["name"]: row["held"] for row in rows} == {"systemd": 1, "sshd": 2, "nginx": 5, "we ird) (R": 1}


def test_connections_are_as_psutil_sees_them(live) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()),
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as datagram,
    ):
        datagram.bind(("::1", 0))
        theirs = {
            (one.fd, int(one.family), one.laddr.ip, one.laddr.port, *(one.raddr or (None, 0)))
            for one in psutil.Process().net_connections("inet")
        }
        rows = live(
            "SELECT fd, family, local_address, local_port, remote_address, remote_port"
            f" FROM process_open_sockets WHERE pid = {os.getpid()} AND family IN (2, 10)"
        )
        ours = {
            (*list(row.values())[:4], row["remote_address"] if row["remote_port"] else None, row["remote_port"])
            for row in rows
        }
        assert ours == theirs
