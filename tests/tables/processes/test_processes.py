from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil

TICKS = os.sysconf("SC_CLK_TCK")


def test_a_whole_row_of_the_captured_root(captured) -> None:
    assert captured("SELECT * FROM processes WHERE pid = 733") == [
        {
            "pid": 733,
            "name": "nginx",
            "path": "/usr/sbin/nginx",
            "cmdline": "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;",
            "state": "S",
            "cwd": "/",
            "root": "/",
            "uid": 0,
            "gid": 0,
            "euid": 0,
            "egid": 0,
            "suid": 0,
            "sgid": 0,
            "on_disk": 0,
            "wired_size": 0,
            "resident_size": 1800 * 1024,
            "total_size": 55280 * 1024,
            "user_time": 0,
            "system_time": 1000 // TICKS,
            "disk_bytes_read": 0,
            "disk_bytes_written": 4096,
            "start_time": 1_700_000_000 + 90000 // TICKS,
            "parent": 1,
            "pgroup": 733,
            "threads": 1,
            "nice": 0,
            "cgroup_path": "/system.slice/nginx.service",
        }
    ]


def test_owner_columns_are_real_effective_and_saved(captured) -> None:
    rows = captured("SELECT uid, gid, euid, egid, suid, sgid, nice, threads FROM processes WHERE pid = 901")
    assert [tuple(row.values()) for row in rows] == [(1000, 1000, 0, 1000, 0, 50, -5, 3)]


def test_kernel_threads_have_no_program_and_no_memory(captured) -> None:
    rows = captured("SELECT name, path, cmdline, on_disk, resident_size, pgroup FROM processes WHERE pid = 2")
    assert [tuple(row.values()) for row in rows] == [("kthreadd", "", "", -1, None, 0)]


def test_what_may_not_be_read_is_null_or_empty(captured) -> None:
    rows = captured("SELECT disk_bytes_read, disk_bytes_written FROM processes WHERE pid = 901")
    assert rows == [{"disk_bytes_read": None, "disk_bytes_written": None}]
    rows = captured("SELECT path, on_disk, cwd, root, cmdline, state FROM processes WHERE pid = 950")
    assert [tuple(row.values()) for row in rows] == [("", -1, "", "", "", "Z")]


def test_each_column_alone_is_what_it_is_among_all(captured) -> None:
    everything = captured("SELECT * FROM processes ORDER BY pid")
    assert len(everything) == 7
    for column in everything[0]:
        alone = captured(f"SELECT {column} FROM processes ORDER BY pid")
        assert alone == [{column: row[column]} for row in everything]


def test_pid_narrows_to_the_named_processes(captured) -> None:
    assert captured("SELECT pid FROM processes WHERE pid IN (1, 734, 5)") == [{"pid": 1}, {"pid": 734}]
    assert captured("SELECT pid FROM processes WHERE pid = '412'") == [{"pid": 412}]
    assert captured("SELECT pid FROM processes WHERE pid = 99999999999999") == []
    assert captured("SELECT pid FROM processes WHERE pid = NULL") == []
    assert captured("SELECT pid FROM processes WHERE pid < 3") == [{"pid": 1}, {"pid": 2}]


def test_columns_of_other_platforms_are_null(captured) -> None:
    rows = captured("SELECT elevated_token, upid, translated FROM processes WHERE pid = 1")
    assert [tuple(row.values()) for row in rows] == [(None, None, None)]


def test_the_start_is_unknown_without_the_systems_start(tmp_path) -> None:
    from leadline.catalogue.index import ALIASES, TABLES
    from leadline.sql.engine import Engine

    place = tmp_path / "proc" / "5"
    place.mkdir(parents=True)
    (place / "stat").write_text("5 (x) S 1 5 5 0 -1 0 0 0 0 0 3 4 0 0 20 0 1 0 777 0 0 0\n")
    (place / "status").write_text("Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n")
    with Engine(tables=TABLES, aliases=ALIASES, root=str(tmp_path)) as engine:
        assert list(engine.query("SELECT pid, name, start_time, euid FROM processes")) == [(5, "x", -1, 2)]


def test_a_live_process_is_as_psutil_sees_it(live) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import sys, time; print(flush=True); time.sleep(60)", "a b", ""],
                             stdout=subprocess.PIPE)  # fmt: skip
    try:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.05)
        (row,) = live(f"SELECT * FROM processes WHERE pid = {child.pid}")
        them = psutil.Process(child.pid)
        assert row["name"] == them.name()
        assert row["path"] == them.exe()
        assert row["cmdline"] == " ".join(them.cmdline()).strip()
        assert row["cwd"] == them.cwd()
        assert (row["uid"], row["euid"], row["suid"]) == tuple(them.uids())
        assert (row["gid"], row["egid"], row["sgid"]) == tuple(them.gids())
        assert row["parent"] == os.getpid()
        assert row["threads"] == 1
        assert row["state"] == "S"
        assert row["on_disk"] == 1
        assert abs(row["resident_size"] - them.memory_info().rss) <= 1 << 20
        assert row["total_size"] == them.memory_info().vms
        assert abs(row["start_time"] - them.create_time()) <= 1
        assert abs(row["user_time"] - them.cpu_times().user * 1000) <= 20
        assert row["disk_bytes_read"] == them.io_counters().read_bytes
    finally:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def test_all_live_processes_are_listed(live) -> None:
    before = set(psutil.pids())
    ours = {row["pid"] for row in live("SELECT pid FROM processes")}
    after = set(psutil.pids())
    assert before & after <= ours <= before | after
