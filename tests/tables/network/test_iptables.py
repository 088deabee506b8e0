from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from leadline.sql.schema import LINUX, Query
from leadline.tables.network.iptables import iptables

RULES = """
set -e
PATH=$PATH:/usr/sbin:/sbin
iptables-legacy -P FORWARD DROP
iptables-legacy -N web
iptables-legacy -A INPUT -i eth+ -s 10.0.0.0/8 ! -d 192.168.1.1 -p tcp --dport 22 -j ACCEPT
iptables-legacy -A INPUT ! -i lo ! -p udp -g web
iptables-legacy -A INPUT
iptables-legacy -A web ! -o eth0 -p tcp -m multiport --dports 80,443 -j LOG
exec "$0" -m leadline shell --json "SELECT * FROM iptables"
"""


@pytest.fixture
def rows() -> list[dict[str, object]]:
    """The table in a network namespace with these rules."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a network namespace")
    command = ["unshare", "-n", "sh", "-c", RULES, sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and ("not found" in done.stderr or "Table does not exist" in done.stderr):
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def told(row: dict[str, object]) -> dict[str, object]:
    """The columns that say something, as the shell prints them."""
    return {name: value for name, value in row.items() if value not in ("", "0", "0.0.0.0", "all")}


def test_rules_come_before_the_row_of_their_chain(rows) -> None:
    ends = [(row["chain"], row["policy"], row["target"], row["match"]) for row in rows]
    assert ends == [
        ("INPUT", "ACCEPT", "ACCEPT", "yes"),
        ("INPUT", "ACCEPT", "web", "no"),
        ("INPUT", "ACCEPT", "", "no"),
        ("INPUT", "ACCEPT", "", ""),
        ("FORWARD", "DROP", "", ""),
        ("OUTPUT", "ACCEPT", "", ""),
        ("web", "", "LOG", "yes"),
        ("web", "", "", ""),
    ]


def test_a_rule_says_which_packets_it_is_for(rows) -> None:
    start = {"filter_name": "filter", "chain": "INPUT", "policy": "ACCEPT"}
    assert told(rows[0]) == {
        **start, "target": "ACCEPT", "protocol": "6", "src_port": "0:65535", "dst_port": "22:22",
        "src_ip": "10.0.0.0", "src_mask": "255.0.0.0", "iniface": "eth+", "iniface_mask": "FFFFFF",
        "dst_ip": "!192.168.1.1", "dst_mask": "255.255.255.255", "match": "yes",
    }  # fmt: skip
    assert told(rows[1]) == {**start, "target": "web", "iniface": "!lo", "iniface_mask": "FFFFFF", "match": "no"}
    assert rows[1]["protocol"] == ""
    assert rows[2]["protocol"] == "0"
    assert told(rows[6]) == {
        "filter_name": "filter", "chain": "web", "target": "LOG", "protocol": "6", "src_port": "0:65535",
        "dst_port": "80,443", "outiface": "!eth0", "outiface_mask": "FFFFFFFFFF", "match": "yes",
    }  # fmt: skip


def test_another_root_has_no_rules(root) -> None:
    warnings: list[str] = []
    assert list(iptables.generators[LINUX](Query(iptables, root=root, warn=warnings.append))) == []
    assert warnings == ["iptables asks the running kernel and has no rows for another root"]
