from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

from leadline.linux import proc

ROOT = str(Path(__file__).parents[1] / "roots" / "debian12")


def test_a_captured_root_lists_its_processes() -> None:
    assert sorted(proc.pids(ROOT)) == [1, 2, 412, 733, 734, 901, 950]


def test_wanted_processes_are_those_that_exist_in_the_order_asked_for() -> None:
    assert proc.pids(ROOT, (733, 5, 1, -1, 0, None, "2", 733)) == [733, 1]


def test_a_name_with_parentheses_and_spaces_does_not_shift_the_fields() -> None:
    assert proc.stat(ROOT, 901) == ("S", 1, 901, 7, 9, -5, 3, 123456, False)
    assert proc.status(ROOT, 901) == ("we ird) (R", 1000, 1000, 0, 1000, 0, 50, 900 * 1024, 4200 * 1024)


def test_kernel_threads_are_told_and_have_no_memory() -> None:
    stat = proc.stat(ROOT, 2)
    assert stat is not None
    assert stat[-1]
    assert proc.status(ROOT, 2) == ("kthreadd", 0, 0, 0, 0, 0, 0, None, None)


def test_cancelled_writes_are_taken_off() -> None:
    assert proc.disk_bytes(ROOT, 733) == (0, 4096)
    assert proc.disk_bytes(ROOT, 901) is None


def test_arguments_are_joined_by_spaces_and_trimmed() -> None:
    assert proc.cmdline(ROOT, 1) == "/lib/systemd/systemd --system --deserialize 23"
    assert proc.cmdline(ROOT, 734) == "nginx: worker process"
    assert proc.cmdline(ROOT, 901) == "./café --bad=\\xFF\\xFE  --empty"
    assert proc.cmdline(ROOT, 2) == ""


def test_a_deleted_program_loses_the_kernels_mark() -> None:
    assert proc.executable(ROOT, 733) == ("/usr/sbin/nginx", 0)
    assert proc.executable(ROOT, 412) == ("/usr/sbin/sshd", 1)
    assert proc.executable(ROOT, 2) == ("", -1)
    assert proc.executable(ROOT, 901) == ("/srv/caf\\xE9/run", 1)


def test_the_control_group_may_hold_colons() -> None:
    assert proc.cgroup(ROOT, 901) == "/system.slice/docker-4f5e.scope/a:b"
    assert proc.cgroup(ROOT, 999) == ""


def test_variables_are_split_at_the_first_equals_sign() -> None:
    assert list(proc.environment(ROOT, 901)) == [
        ("A", "1"),
        ("B", "x=y"),
        ("NOVALUE", ""),
        ("C", "\\xFF"),
        ("D", "last"),
    ]
    assert list(proc.environment(ROOT, 2)) == []


def test_mapped_files_may_have_spaces_in_their_names() -> None:
    regions = {region[0]: region for region in proc.memory_map(ROOT, 733)}
    assert len(regions) == 8
    assert regions["55d1c0a20000"] == (
        "55d1c0a20000",
        "55d1c0b10000",
        "r-xp",
        0x20000,
        "fe:01",
        131842,
        "/usr/sbin/nginx (deleted)",
    )
    assert regions["7f10a1200000"][-1] == "/srv/my data/lib one.so"
    assert regions["7f10a1400000"][-2:] == (0, "")


def test_namespaces_are_inode_numbers() -> None:
    assert proc.namespace(ROOT, 1, "net") == 4026531840
    assert proc.namespace(ROOT, 901, "net") == 4026532200
    assert proc.namespace(ROOT, 950, "net") is None


def test_the_start_of_the_system_is_known() -> None:
    assert proc.boot_time(ROOT) == 1_700_000_000
    assert proc.boot_time("/nowhere") is None
    assert abs((proc.boot_time("") or 0) - psutil.boot_time()) <= 1


def test_what_is_gone_is_none_everywhere() -> None:
    assert proc.stat(ROOT, 999) is None
    assert proc.status(ROOT, 999) is None
    assert proc.disk_bytes(ROOT, 999) is None
    assert proc.link(ROOT, 999, "cwd") == ""
    assert list(proc.descriptors(ROOT, 999)) == []
    assert list(proc.memory_map(ROOT, 999)) == []


def test_a_thread_is_no_process() -> None:
    ready, leave = threading.Event(), threading.Event()
    numbers = []

    def run() -> None:
        numbers.append(threading.get_native_id())
        ready.set()
        leave.wait(10)

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(10)
    try:
        assert Path(f"/proc/{numbers[0]}").exists()
        assert proc.pids("", (numbers[0], os.getpid())) == [os.getpid()]
    finally:
        leave.set()
        thread.join()


def test_a_program_that_is_deleted_while_it_runs_is_not_on_disk(tmp_path: Path) -> None:
    for name, expected in (("sleeper", 0), ("real (deleted)", 1)):
        program = tmp_path / name
        program.write_bytes(Path("/bin/sleep").read_bytes())
        program.chmod(0o755)
        with subprocess.Popen([str(program), "30"]) as child:
            try:
                if not expected:
                    program.unlink()
                deadline = time.monotonic() + 10
                while proc.executable("", child.pid) != (str(program), expected):
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
            finally:
                child.kill()


def test_our_own_process_is_as_psutil_sees_it() -> None:
    us = psutil.Process()
    pid = os.getpid()
    status = proc.status("", pid)
    stat = proc.stat("", pid)
    assert status is not None
    assert stat is not None
    assert status[0] == us.name()
    assert status[1:7:2] == tuple(us.uids())
    assert status[2:7:2] == tuple(us.gids())
    assert stat[1] == us.ppid()
    assert stat[2] == os.getpgrp()
    assert stat[5] == us.nice()
    assert stat[6] == us.num_threads()
    assert proc.executable("", pid) == (us.exe(), 1)
    assert proc.link("", pid, "cwd") == us.cwd()
    assert dict(proc.descriptors("", pid))[0] == os.readlink("/proc/self/fd/0")
    assert dict(proc.environment("", pid)).get("PATH") == os.environ.get("PATH")


def test_a_zombie_is_read_without_complaint() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    try:
        deadline = time.monotonic() + 20
        while (stat := proc.stat("", child.pid)) is None or stat[0] != "Z":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert proc.executable("", child.pid) == ("", -1)
        assert proc.cmdline("", child.pid) == ""
        status = proc.status("", child.pid)
        assert status is not None
        assert status[-1] is None
    finally:
        child.wait()


def test_live_memory_maps_are_whole() -> None:
    lines = Path("/proc/self/maps").read_bytes().count(b"\n")
    assert abs(len(list(proc.memory_map("", os.getpid()))) - lines) < 50


def test_processes_that_end_while_they_are_read_do_no_harm() -> None:
    stop = threading.Event()

    def breed() -> None:
        while not stop.is_set():
            subprocess.run(["/bin/true"], check=False)

    thread = threading.Thread(target=breed)
    thread.start()
    try:
        until = time.monotonic() + 1
        while time.monotonic() < until:
            for pid in proc.pids(""):
                proc.stat("", pid)
                proc.status("", pid)
                proc.disk_bytes("", pid)
                proc.executable("", pid)
                proc.cgroup("", pid)
                proc.cmdline("", pid)
                list(proc.environment("", pid))
                list(proc.memory_map("", pid))
                list(proc.descriptors("", pid))
                proc.namespace("", pid, "net")
    finally:
        stop.set()
        thread.join()


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path) -> None:
    place = tmp_path / "proc" / "7"
    place.mkdir(parents=True)
    for content in (b"", b"7", b"7 (x) S 1", b"Name:\tx\n", b"read_bytes: 1\n"):
        for name in ("stat", "status", "io", "cgroup", "maps", "environ"):
            (place / name).write_bytes(content)
        assert proc.stat(str(tmp_path), 7) is None
        assert proc.status(str(tmp_path), 7) is None
        assert proc.disk_bytes(str(tmp_path), 7) is None
        assert proc.cgroup(str(tmp_path), 7) == ""
        assert list(proc.memory_map(str(tmp_path), 7)) == []


def test_names_and_numbers_that_no_kernel_writes_are_no_processes(tmp_path: Path) -> None:
    for name in ("7", "9" * 19, "²", "self"):
        (tmp_path / "proc" / name).mkdir(parents=True)
    assert proc.pids(str(tmp_path)) == [7]
    (tmp_path / "proc/7/status").write_bytes(b"Name:\tx\nTgid:\tseven\n")
    assert proc.pids(str(tmp_path), (7,)) == []
