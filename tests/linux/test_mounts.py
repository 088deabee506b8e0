from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from leadline.linux import mounts

ROOT = str(Path(__file__).parents[1] / "roots" / "debian12")


def test_escapes_of_the_mount_table_are_undone() -> None:
    entries = list(mounts.entries(ROOT))
    assert len(entries) == 6
    assert entries[3][:3] == ("files.example.org:/export/my data", "/srv/my data", "nfs4")
    assert entries[4][1] == "/srv/back\\slash\ttab"
    assert os.fsencode(entries[5][1]) == b"/run/caf\xe9"
    assert entries[2] == ("/dev/vda1", "/", "ext4", "rw,relatime,errors=remount-ro")


def test_a_million_escapes_are_undone_in_time(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/mounts").write_text("a /" + "\\040" * 1_000_000 + " ext4 rw 0 0\n")
    start = time.process_time()
    [(_, path, _, _)] = mounts.entries(str(tmp_path))
    assert path == "/" + " " * 1_000_000
    assert time.process_time() - start < 3


def test_a_backslash_that_begins_no_escape_is_kept(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "mounts").write_text("a\\9 /x\\04 t\\189 o\\ 0 0\nshort line\n")
    assert list(mounts.entries(str(tmp_path))) == [("a\\9", "/x\\04", "t\\189", "o\\")]


def test_live_mounts_are_as_psutil_sees_them() -> None:
    ours = [(device, path, type) for device, path, type, _ in mounts.entries("")]
    theirs = [(one.device, one.mountpoint, one.fstype) for one in psutil.disk_partitions(all=True)]
    assert ours == [(device or "none", path, type) for device, path, type in theirs]


def test_usage_is_that_of_statvfs_with_and_without_a_thread() -> None:
    for type in ("proc", "fuse.unheard"):
        full = mounts.usage("/proc", type)
        assert full is not None
        assert (full.f_bsize, full.f_blocks) == (4096, 0)
        assert mounts.usage("/nowhere", type) is None
    assert mounts.usage("/proc", "autofs") is None


def test_an_alias_is_the_end_of_a_link() -> None:
    assert mounts.alias("/proc/self/exe") == os.path.realpath("/proc/self/exe")
    assert mounts.alias("/dev/null") == "/dev/null"
    assert mounts.alias("proc") == "proc"
    assert mounts.alias("/dev/no such") == "/dev/no such"
    assert mounts.alias("//server/share") == "//server/share"


HANGING = """
import os, struct, sys, threading, time, ctypes
from leadline.linux import mounts
point = sys.argv[1]
device = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
if libc.mount(b"hung", point.encode(), b"fuse.hung", 0, options):
    sys.exit(77)
try:
    started = time.monotonic()
    print(mounts.usage(point, "fuse.hung"), 1.5 < time.monotonic() - started < 10)
    started = time.monotonic()
    print(mounts.usage(point, "fuse.hung"), time.monotonic() - started < 0.5)
    print(len(mounts._stuck))
finally:
    libc.umount2(point.encode(), 1 | 2)
    os.close(device)
"""


@pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/dev/fuse").exists() or not shutil.which("unshare"), reason="no FUSE"
)
def test_a_file_system_that_never_answers_is_waited_for_once(tmp_path: Path) -> None:
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, "-c", HANGING, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    if done.returncode == 77:
        pytest.skip("mounting is not allowed")
    assert done.stdout == "None True\nNone True\n1\n", done.stderr
