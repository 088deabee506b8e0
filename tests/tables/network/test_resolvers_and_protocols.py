"""The dns_resolvers, etc_protocols and interface_ipv6 tables."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

RESOLV = """\
search sea.example reef.example
nameserver 192.0.2.53
nameserver 2001:db8::53
sortlist 10.0.0.0/255.255.0.0
options rotate
"""
PROTOCOLS = """\
# Internet protocols
ip\t0\tIP\t\t# pseudo # protocol
tcp 6 TCP other
nothing
bad x BAD
icmp\t1
"""


def test_resolvers_of_a_root(answer, tree) -> None:
    options = 705 | 0x4000
    assert answer("SELECT *, pid_with_namespace FROM dns_resolvers", tree({"etc/resolv.conf": RESOLV})) == [
        (0, "nameserver", "192.0.2.53", "32", options, 0),
        (1, "nameserver", "2001:db8::53", "32", options, 0),
        (0, "sortlist", "10.0.0.0", "16", options, 0),
        (0, "search", "sea.example", None, options, 0),
        (1, "search", "reef.example", None, options, 0),
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a mount namespace")
def test_resolvers_that_a_process_sees(answer, tree) -> None:
    path = Path(tree({"etc/resolv.conf": RESOLV}), "etc", "resolv.conf")
    there = os.path.realpath("/etc/resolv.conf")
    script = f"mount --bind '{path}' '{there}' && echo && read line"
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"\n"
        columns = "address, pid_with_namespace FROM dns_resolvers"
        sql = f"SELECT {columns} WHERE type = 'nameserver' AND pid_with_namespace = {child.pid}"
        assert answer(sql) == [("192.0.2.53", child.pid), ("2001:db8::53", child.pid)]
        child.communicate(b"\n")


def test_without_a_file_the_machine_itself_is_asked(answer, tmp_path) -> None:
    assert answer("SELECT type, address FROM dns_resolvers", str(tmp_path)) == [("nameserver", "127.0.0.1")]


def test_protocols_of_a_root(answer, tree) -> None:
    assert answer("SELECT * FROM etc_protocols", tree({"etc/protocols": PROTOCOLS})) == [
        ("ip", 0, "IP", "pseudo # protocol"),
        ("tcp", 6, "TCP", ""),
        ("icmp", 1, "", ""),
    ]
    assert answer("SELECT * FROM etc_protocols", tree({"etc/protocols": b"\xff 1 \xfe #\xfd"})) == [
        ("\\xFF", 1, "\\xFE", "\\xFD")
    ]


def test_the_protocols_of_this_machine_are_those_getent_shows(answer) -> None:
    listed = subprocess.run(["getent", "protocols"], capture_output=True, check=False).stdout.decode().splitlines()
    if not listed:
        pytest.skip("this machine has no list of protocols")
    ours = answer("SELECT name, number, alias FROM etc_protocols")
    assert ours == [
        (words[0], int(words[1]), words[2] if len(words) > 2 else "") for words in (line.split() for line in listed)
    ]


def test_ipv6_settings_are_those_the_kernel_shows(ask) -> None:
    rows = {row["interface"]: row for row in ask("SELECT * FROM interface_ipv6")}
    assert list(rows) == [row["interface"] for row in ask("SELECT interface FROM interface_details")]
    for name, row in rows.items():
        conf = Path("/proc/sys/net/ipv6/conf", name)
        if not conf.exists():
            assert set(row.values()) == {name, -1}
            continue
        forwarding = int((conf / "forwarding").read_text())
        redirects = [int(Path(f"/proc/sys/net/ipv6/conf/{one}/accept_redirects").read_text()) for one in ("all", name)]
        advertisements = int((conf / "accept_ra").read_text())
        assert row == {
            "interface": name,
            "hop_limit": int((conf / "hop_limit").read_text()),
            "forwarding_enabled": forwarding,
            "redirect_accept": int(all(redirects) if forwarding else any(redirects)),
            "rtadv_accept": int(advertisements == 2 or (advertisements == 1 and not forwarding)),
        }


def test_ipv6_settings_are_not_known_of_another_root(answer, tmp_path) -> None:
    warnings: list[str] = []
    assert answer("SELECT * FROM interface_ipv6", str(tmp_path), warn=lambda _, said: warnings.append(said)) == []
    assert warnings == ["interface_ipv6 asks the running kernel and has no rows for another root"]
