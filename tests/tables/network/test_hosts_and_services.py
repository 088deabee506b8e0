from __future__ import annotations

import socket


def test_hosts_of_a_captured_root(answer, root) -> None:
    assert answer("SELECT address, hostnames, pid_with_namespace FROM etc_hosts", root) == [
        ("127.0.0.1", "localhost", 0),
        ("10.1.2.3", "web01.example.test web01", 0),
        ("::1", "localhost ip6-localhost ip6-loopback", 0),
        ("10.9.9.9", "", 0),
    ]


def test_services_of_a_captured_root(answer, root) -> None:
    assert answer("SELECT * FROM etc_services", root) == [
        ("tcpmux", 1, "tcp", "", "TCP port service multiplexer"),
        ("echo", 7, "tcp", "", ""),
        ("http", 80, "tcp", "www", "WorldWideWeb HTTP # and more"),
        ("https", 443, "udp", "", ""),
        ("domain", 53, "tcp", "nameserver dns", ""),
    ]


def test_live_services_are_those_of_the_resolver(answer) -> None:
    for name, port, protocol in answer("SELECT name, port, protocol FROM etc_services WHERE protocol = 'tcp'")[:20]:
        assert socket.getservbyname(name, protocol) == port


def test_roots_without_the_files_have_no_rows(answer, tmp_path) -> None:
    assert answer("SELECT * FROM etc_hosts", str(tmp_path)) == []
    assert answer("SELECT * FROM etc_services", str(tmp_path)) == []
