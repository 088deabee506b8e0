"""Rules of the legacy iptables: a captured table, and tables of network namespaces against iptables-legacy-save."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import xtables

CAPTURE = Path(__file__).parents[1] / "captures" / "xtables"  # of rules.sh, on Linux 6.18 for x86_64
INFO = (CAPTURE / "info.bin").read_bytes()
ENTRIES = (CAPTURE / "entries.bin").read_bytes()

# Prints what iptables-legacy lists for the rules in a file, then ours in the same words.
COMPARE = """
set -e
sh "$1"
for table in filter nat; do iptables-legacy -t $table -S; done
echo ours
exec "$2" -c "
from leadline.linux import xtables
for table in ('filter', 'nat'):
    chains = xtables.chains(table)
    for chain in chains:
        print('-P' if chain.policy else '-N', chain.name, chain.policy or '')
    for chain in chains:
        for rule in chain.rules():
            print('-A', chain.name, *(('-m ' + name) for name in rule.matches), rule.target)
print(*sorted(xtables.tables('') or ()))
"
"""


def test_a_captured_table_is_taken_apart() -> None:
    chains = xtables.parse(INFO, ENTRIES)
    assert [(chain.name, chain.policy) for chain in chains] == [
        ("INPUT", "ACCEPT"), ("FORWARD", "DROP"), ("OUTPUT", "ACCEPT"), ("alpha", None), ("zeta", None),
    ]  # fmt: skip
    rules = {
        chain.name: [
            (one.target, one.protocol, one.source_ports, one.destination_ports, one.matches) for one in chain.rules()
        ]
        for chain in chains
    }
    assert rules == {
        "INPUT": [
            ("ACCEPT", 6, "0:65535", "22:22", ["tcp"]),
            ("zeta", 6, "0:65535", "80,443,1000:2000", ["multiport", "conntrack"]),
            ("DROP", 17, "!53", "!53", ["multiport"]),
            ("LOG", 17, None, None, []),
            ("alpha", 17, "!53:53", "0:65535", ["udp"]),
            ("", 0, None, None, ["comment"]),
            ("DROP", 6, "0:65535", "0:65535", []),
            ("RETURN", 132, "10:10", "!9:9", ["sctp"]),
            ("QUEUE", 33, "7:7", "0:65535", ["dccp"]),
        ],
        "FORWARD": [],
        "OUTPUT": [("", 0, None, None, [])],
        "alpha": [],
        "zeta": [("RETURN", 0, None, None, [])],
    }


def test_addresses_and_interfaces_are_taken_apart() -> None:
    first, *_ = xtables.parse(INFO, ENTRIES)[0].rules()
    assert (first.source, first.source_mask) == (bytes((10, 0, 0, 0)), bytes((255, 0, 0, 0)))
    assert (first.destination, first.destination_mask) == (bytes((192, 168, 1, 1)), b"\xff" * 4)
    assert (first.input, first.input_mask) == (b"eth+" + bytes(12), b"\xff\xff\xff" + bytes(13))
    assert (first.output, first.output_mask) == (bytes(16), bytes(16))
    assert first.inverted == xtables.DESTINATION


def isolated(script: str, *arguments: object) -> str:
    """What a shell prints in a network namespace of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a network namespace")
    command = ["unshare", "-n", "sh", "-c", script, "sh", *map(str, arguments)]
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PATH": path})
    if done.returncode and ("not found" in done.stderr or "Table does not exist" in done.stderr):
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tables_of_the_kernel_are_those_that_iptables_lists() -> None:
    listed, _, ours = isolated(COMPARE, CAPTURE / "rules.sh", sys.executable).partition("ours\n")
    assert [said(line) for line in listed.splitlines()] == [line.split() for line in ours.splitlines()[:-1]]
    assert ours.splitlines()[-1] == "filter nat"


def said(line: str) -> list[str]:
    """A line of `iptables -S` as far as the comparison goes: chain, matches and target."""
    words = line.split()
    if words[0] != "-A":
        return words
    matches = [part for place, word in enumerate(words) if word == "-m" for part in ("-m", words[place + 1])]
    target = [words[place + 1] for place, word in enumerate(words) if word in ("-j", "-g")]
    return [*words[:2], *matches, *target]


def test_packets_that_a_rule_met_are_counted() -> None:
    count = """
    iptables-legacy -A OUTPUT -o lo -p icmp && iptables-legacy -P INPUT DROP && ip link set lo up
    "$1" -c "
import socket
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as one:
    for _ in range(3):
        one.sendto(bytes.fromhex('0800f7ff00000000') + bytes(92), ('127.0.0.1', 0))
from leadline.linux import xtables
for chain in xtables.chains('filter'):
    print(chain.name, chain.packets, chain.bytes, *((rule.packets, rule.bytes) for rule in chain.rules()))
"
    """
    assert isolated(count, sys.executable).splitlines() == [
        "INPUT 3 360", "FORWARD 0 0", "OUTPUT 3 360 (3, 360)",
    ]  # fmt: skip


def test_a_kernel_that_does_not_say_which_tables_there_are_has_none(tmp_path) -> None:
    assert xtables.tables(str(tmp_path)) is None


def test_a_table_that_is_not_there_is_an_error() -> None:
    with pytest.raises(OSError, match=r"^\[Errno"):
        xtables.chains("leadline")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(ENTRIES) - 1), st.binary(min_size=1, max_size=8)), max_size=8),
    st.lists(st.tuples(st.integers(0, len(INFO) - 1), st.binary(min_size=1, max_size=4)), max_size=3),
    st.integers(0, len(ENTRIES)),
)
def test_a_damaged_answer_is_read_without_an_error(changes, others, end: int) -> None:
    info, entries = bytearray(INFO), bytearray(ENTRIES)
    for data, edits in ((entries, changes), (info, others)):
        for place, noise in edits:
            data[place : place + len(noise)] = noise
    for whole in (bytes(entries), bytes(entries[:end])):
        read(bytes(info), whole)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=100), st.binary(max_size=400))
def test_any_answer_is_read_without_an_error(info: bytes, entries: bytes) -> None:
    read(info, entries)


def read(info: bytes, entries: bytes) -> None:
    for chain in xtables.parse(info, entries):
        assert chain.name.encode() is not None
        assert sum(1 for _ in chain.rules()) <= len(entries) // 112
