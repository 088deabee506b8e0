from __future__ import annotations

import subprocess

import pytest

STEADY = ("kernel.ostype", "kernel.osrelease", "kernel.pid_max", "vm.swappiness", "net.ipv4.ip_forward",
          "net.ipv4.tcp_rmem", "fs.file-max", "kernel.randomize_va_space")  # fmt: skip


def test_current_and_configured_values(ask, tree) -> None:
    root = tree(
        {
            "proc/sys/kernel/hostname": "web\n",
            "proc/sys/net/ipv4/conf/eth0.10/forwarding": "0\n",
            "proc/sys/vm/swappiness": "60\n",
            "etc/sysctl.d/10.conf": "vm.swappiness = 10\nnet.ipv4.conf.eth0/10.forwarding = 1\nkernel.gone = 5\n",
        }
    )
    assert [tuple(row.values()) for row in ask("SELECT * FROM system_controls", root)] == [
        ("kernel.hostname", None, "kernel", "web", None, "string"),
        ("net.ipv4.conf.eth0.10.forwarding", None, "net", "0", "1", "string"),
        ("vm.swappiness", None, "vm", "60", "10", "string"),
        ("kernel.gone", None, "kernel", None, "5", "string"),
    ]
    assert ask("SELECT field_name FROM system_controls WHERE name = 'vm.swappiness'", root) == [{"field_name": None}]


@pytest.mark.parametrize(
    "condition",
    [
        "name = 'vm.swappiness'",
        "name IN ('vm.swappiness', 'kernel.ostype', 'gone')",
        "name LIKE 'KERNEL.s%'",
        "name LIKE 'net.ipv4.conf.l_.%'",
        "name LIKE '%forward%'",
        "name LIKE ''",
        "subsystem = 'vm'",
        "subsystem = 'vm' AND name LIKE 'kernel%'",
        "name GLOB 'vm.*'",
        "oid = '1.2'",
    ],
)
def test_constraints_change_no_row(live, condition: str) -> None:
    narrowed = live(f"SELECT name FROM system_controls WHERE {condition}")
    free = "SELECT +name AS name, +subsystem AS subsystem, +oid AS oid FROM system_controls"
    everything = live(f"SELECT name FROM ({free}) WHERE {condition}")
    assert narrowed == everything


def test_values_are_those_that_sysctl_prints(live) -> None:
    listed = subprocess.run(["sysctl", "-a"], capture_output=True, text=True, check=False).stdout
    theirs = dict(line.split(" = ", 1) for line in listed.splitlines() if " = " in line)
    ours = {row["name"]: row["current_value"] for row in live("SELECT name, current_value FROM system_controls")}
    # sysctl leaves out what can only be written and what is deprecated, and keeps dots of interfaces' names as slashes
    assert {name.replace("/", ".") for name in theirs} - set(ours) == set()
    for name in STEADY:
        if name in theirs:
            assert ours[name] == theirs[name].strip(), name


def test_what_can_only_be_written_has_no_value(live) -> None:
    rows = live("SELECT name, current_value FROM system_controls WHERE name = 'net.ipv4.route.flush'")
    assert rows in ([], [{"name": "net.ipv4.route.flush", "current_value": None}])
