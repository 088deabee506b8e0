"""The hidden columns that tell where a process belongs, and the ancestors."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

ID = "4f5e9a1c0b7d4e2f8a6b3c9d1e0f7a5b4c8d2e6f1a3b5c7d9e0f2a4b6c8d0e1f"
TABLES = (
    "processes", "process_open_sockets", "listening_ports", "process_open_files", "process_envs", "process_memory_map",
    "process_namespaces", "process_open_pipes",
)  # fmt: skip


def process(pid: int, parent: int, name: str, cgroup: str = "0::/\n") -> dict[str, str]:
    place = f"proc/{pid}"
    return {
        f"{place}/stat": f"{pid} ({name}) S {parent} 1 1 0 -1 0 0 0 0 0 3 4 0 0 20 0 1 0 {pid}00 0 0 0\n",
        f"{place}/status": f"Name:\t{name}\nTgid:\t{pid}\nUid:\t{pid}\t2\t3\t4\nGid:\t5\t6\t7\t8\n",
        f"{place}/cmdline": f"/bin/{name}\0-x\0",
        f"{place}/cgroup": cgroup,
        f"{place}/environ": "A=1\0B=2\0",
    }


def test_a_process_in_a_container_and_its_parent(ask, tree) -> None:
    inside = f"5:memory:/docker/{ID}\n0::/\n"
    root = tree(process(1, 0, "init") | process(20, 1, "shim") | process(21, 20, "app", inside))
    columns = "pid, container_id, cgroup, parent_name, parent_cmdline"
    assert [tuple(row.values()) for row in ask(f"SELECT {columns} FROM processes", root)] == [
        (1, None, "/", None, None),
        (20, None, "/", "init", "/bin/init -x"),
        (21, ID, f"/docker/{ID}", "shim", "/bin/shim -x"),
    ]
    rows = ask("SELECT pid, key, container_id, parent_name FROM process_envs WHERE pid = 21", root)
    assert [tuple(row.values()) for row in rows] == [(21, "A", ID, "shim"), (21, "B", ID, "shim")]
    assert ask("SELECT pid FROM processes WHERE parent_cmdline LIKE '%shim%'", root) == [{"pid": 21}]


@pytest.mark.parametrize("name", TABLES)
def test_the_columns_are_hidden_and_stand_last(name: str, live) -> None:
    pragma = live(f"PRAGMA table_xinfo({name})")
    names = [row["name"] for row in pragma]
    assert names[-4:] == ["container_id", "cgroup", "parent_name", "parent_cmdline"]
    plain = live(f"SELECT * FROM {name} LIMIT 1")
    assert not plain or "cgroup" not in plain[0]


@pytest.mark.parametrize("name", TABLES)
def test_they_are_as_psutil_sees_them_on_this_machine(name: str, live) -> None:
    with open(os.devnull, "rb"):
        rows = live(f"SELECT pid, cgroup, parent_name, parent_cmdline FROM {name} WHERE pid = {os.getpid()}")
    if rows:
        parent = psutil.Process().parent()
        assert parent is not None
        with open(f"/proc/{os.getpid()}/cgroup", encoding="utf-8") as lines:
            assert rows[0]["cgroup"] in {line.rstrip("\n").split(":", 2)[2] for line in lines}
        assert rows[0]["parent_name"] == parent.name()[:15]
        assert rows[0]["parent_cmdline"] == " ".join(parent.cmdline()).strip()
    nobody = live(f"SELECT container_id, cgroup, parent_name FROM {name} WHERE pid = -1 LIMIT 1")
    assert nobody in ([], [{"container_id": None, "cgroup": None, "parent_name": None}])


def test_ancestors_of_captured_processes(ask, tree) -> None:
    root = tree(
        process(1, 0, "init")
        | process(20, 1, "shim", f"0::/docker/{ID}\n")
        | process(21, 20, "app")
        | {"proc/stat": "cpu 1\nbtime 1700000000\n"}
    )
    assert [tuple(row.values()) for row in ask("SELECT * FROM process_ancestry WHERE pid = 21", root)] == [
        (21, 1, 20, "shim", "", "/bin/shim -x", 20, 1700000000 + 2000 // os.sysconf("SC_CLK_TCK"), ID),
        (21, 2, 1, "init", "", "/bin/init -x", 1, 1700000000 + 100 // os.sysconf("SC_CLK_TCK"), None),
    ]
    rows = ask("SELECT pid, level FROM process_ancestry WHERE pid IN (1, 20, 21, 99)", root)
    assert [tuple(row.values()) for row in rows] == [(20, 1), (21, 1), (21, 2)]
    assert len(ask("SELECT * FROM process_ancestry", root)) == 3


def test_processes_that_are_each_others_parents_end_the_line(ask, tree) -> None:
    root = tree(process(5, 6, "a") | process(6, 5, "b") | process(7, 7, "c") | process(8, 99, "d"))
    rows = ask("SELECT pid, level, ancestor_pid FROM process_ancestry", root)
    assert [tuple(row.values()) for row in rows] == [(5, 1, 6), (6, 1, 5)]


def test_our_ancestors_are_as_psutil_and_ps_see_them(live) -> None:
    rows = live(f"SELECT ancestor_pid, name, uid FROM process_ancestry WHERE pid = {os.getpid()} ORDER BY level")
    parents = psutil.Process().parents()
    assert [row["ancestor_pid"] for row in rows] == [one.pid for one in parents]
    assert [row["uid"] for row in rows] == [one.uids().real for one in parents]
    for row in rows:
        told = subprocess.run(["ps", "-o", "ppid=", "-p", str(row["ancestor_pid"])], capture_output=True, text=True)
        assert told.stdout.strip().isdigit()
    joined = live(
        f"SELECT p.pid FROM process_ancestry a JOIN processes p ON p.pid = a.ancestor_pid WHERE a.pid = {os.getpid()}"
    )
    assert {row["pid"] for row in joined} == {one.pid for one in parents}


def test_descendants_are_found_by_the_ancestor(live) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        rows = live(f"SELECT pid FROM process_ancestry WHERE ancestor_pid = {os.getpid()} AND level = 1")
        assert {"pid": child.pid} in rows
    finally:
        child.communicate(b"\n")
