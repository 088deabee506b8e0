from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import psutil


def test_uptime_is_split_into_its_parts(captured) -> None:
    assert [tuple(row.values()) for row in captured("SELECT * FROM uptime")] == [(1, 2, 3, 4, 93784)]


def test_live_uptime_runs_with_the_clock(live) -> None:
    (row,) = live("SELECT * FROM uptime")
    assert abs(row["total_seconds"] - time.clock_gettime(time.CLOCK_BOOTTIME)) <= 2
    assert ((row["days"] * 24 + row["hours"]) * 60 + row["minutes"]) * 60 + row["seconds"] == row["total_seconds"]


def test_load_averages_have_six_decimals(captured, live) -> None:
    assert captured("SELECT * FROM load_average") == [
        {"period": "1m", "average": "0.520000"},
        {"period": "5m", "average": "0.080000"},
        {"period": "15m", "average": "12.500000"},
    ]
    rows = live("SELECT * FROM load_average")
    for row, expected in zip(rows, os.getloadavg(), strict=True):
        assert len(row["average"].partition(".")[2]) == 6
        assert abs(float(row["average"]) - expected) < 0.5


def test_memory_is_in_bytes(captured, live) -> None:
    assert captured("SELECT * FROM memory_info") == [
        {
            "memory_total": 2030520 << 10,
            "memory_free": 512340 << 10,
            "memory_available": 1490232 << 10,
            "buffers": 40212 << 10,
            "cached": 830120 << 10,
            "swap_cached": 128 << 10,
            "active": 600000 << 10,
            "inactive": 500000 << 10,
            "swap_total": 998396 << 10,
            "swap_free": 990000 << 10,
        }
    ]
    (row,) = live("SELECT * FROM memory_info")
    assert row["memory_total"] == psutil.virtual_memory().total
    assert abs(row["memory_available"] - psutil.virtual_memory().available) < 1 << 28
    assert row["swap_total"] == psutil.swap_memory().total


def test_processor_times_are_in_ticks(captured, live) -> None:
    assert [tuple(row.values()) for row in captured("SELECT * FROM cpu_time WHERE core = 1")] == [
        (1, 2400, 40, 1500, 450000, 400, 0, 5, 6, 3, 1)
    ]
    before = psutil.cpu_times(percpu=True)
    for row, times in zip(live("SELECT * FROM cpu_time ORDER BY core"), before, strict=True):
        assert 0 <= row["idle"] - round(times.idle * 100) < 200
        assert 0 <= row["user"] - round(times.user * 100) < 200


def test_the_kernel_and_what_it_was_started_with(captured, live) -> None:
    assert captured("SELECT * FROM kernel_info") == [
        {
            "version": "6.1.0-13-amd64",
            "arguments": "ro quiet net.ifnames=0",
            "path": "/boot/vmlinuz-6.1.0-13-amd64",
            "device": "UUID=0f1e2d3c-0000-4000-8000-000000000001",
        }
    ]
    assert [row["version"] for row in live("SELECT version FROM kernel_info")] == [os.uname().release]
    assert len(captured("SELECT * FROM kernel_info WHERE version > '6.1.0-9-amd64'")) == 1


def test_mounts_of_another_root_have_no_numbers(captured) -> None:
    columns = "device, device_alias, path, type, blocks, inodes_free, flags"
    rows = captured(f"SELECT {columns} FROM mounts WHERE type <> 'proc'")
    assert [tuple(row.values()) for row in rows] == [
        ("sysfs", "sysfs", "/sys", "sysfs", None, None, "rw,nosuid,nodev,noexec,relatime"),
        ("/dev/vda1", "/dev/vda1", "/", "ext4", None, None, "rw,relatime,errors=remount-ro"),
        (*("files.example.org:/export/my data",) * 2, "/srv/my data", "nfs4", None, None, "rw,relatime,vers=4.2,hard"),
        ("/dev/vdb1", "/dev/vdb1", "/srv/back\\slash\ttab", "xfs", None, None, "rw,relatime"),
        ("tmpfs", "tmpfs", "/run/caf\\xE9", "tmpfs", None, None, "rw,nosuid"),
    ]


def test_live_mounts_are_as_full_as_the_system_says(live) -> None:
    (row,) = live("SELECT * FROM mounts WHERE path = '/'")[-1:]
    usage = shutil.disk_usage("/")
    assert row["blocks"] * row["blocks_size"] == usage.total
    assert abs(row["blocks_available"] * row["blocks_size"] - usage.free) < 1 << 30
    assert row["inodes"] == os.statvfs("/").f_files
    (row,) = live("SELECT * FROM mounts WHERE path = '/proc'")[-1:]
    assert (row["device"], row["type"], row["blocks"], row["blocks_size"]) == ("proc", "proc", 0, 4096)
    assert len(live("SELECT path FROM mounts")) == Path("/proc/mounts").read_bytes().count(b"\n")


def test_a_root_without_proc_has_no_rows(tmp_path: Path) -> None:
    from leadline.catalogue.index import ALIASES, TABLES
    from leadline.sql.engine import Engine

    with Engine(tables=TABLES, aliases=ALIASES, root=str(tmp_path)) as engine:
        for name in ("uptime", "load_average", "memory_info", "cpu_time", "kernel_info", "mounts", "processes",
                     "process_open_sockets", "listening_ports", "arp_cache"):  # fmt: skip
            assert list(engine.query(f"SELECT * FROM {name}")) == []
