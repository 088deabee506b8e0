from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leadline.linux import files


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    for size in (0, 1, 16383, 16384, 16385, 40000, 3_000_000):
        content = os.urandom(size)
        (tmp_path / "f").write_bytes(content)
        assert files.read(str(tmp_path / "f")) == content


def test_no_more_than_the_limit_is_read(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    (tmp_path / "f").write_bytes(content)
    for limit in (0, 1, 16384, 20000, 40000, 299_999):
        assert files.read(str(tmp_path / "f"), limit) == content[:limit]


def test_a_file_of_proc_is_read_whole() -> None:
    with open("/proc/self/maps", "rb") as maps:
        expected = maps.read().count(b"\n")
    assert abs((files.read("/proc/self/maps") or b"").count(b"\n") - expected) <= 3


@pytest.mark.parametrize("path", ["missing", "file/below", "loop", "", "socket", "x" * 300])
def test_what_is_not_there_is_none(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "loop").symlink_to("loop")
    import socket

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert files.read(f"{tmp_path}/{path}") is None  # "" is the directory itself


def test_a_pipe_does_not_hold_the_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert files.read(str(tmp_path / "pipe")) == b""


def test_links_and_directories_that_are_missing_are_empty(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    assert files.link(str(tmp_path / "link")) == "target"
    assert files.link(str(tmp_path / "none")) is None
    assert files.link(str(tmp_path)) is None
    assert files.names(str(tmp_path)) == ["link"]
    assert files.names(str(tmp_path / "none")) == []
    assert files.names(str(tmp_path / "link")) == []


def test_a_record_is_read_whole_however_long(tmp_path: Path) -> None:
    for size in (0, 1, 16383, 16384, 40000):
        content = os.urandom(size)
        (tmp_path / "f").write_bytes(content)
        assert files.record(str(tmp_path / "f")) == content
    assert files.record(str(tmp_path / "none")) is None
    assert files.record(str(tmp_path)) is None


def test_a_long_command_line_is_read_whole() -> None:
    argument = "x" * 100_000
    program = "print(flush=True); import time; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program, argument], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        data = files.record(f"/proc/{child.pid}/cmdline")
        child.kill()
    assert data == b"\0".join((sys.executable.encode(), b"-c", program.encode(), argument.encode(), b""))


def test_only_regular_files_are_opened_as_such(tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    descriptor = files.regular(str(tmp_path / "file"))
    assert descriptor is not None
    os.close(descriptor)
    for name in ("pipe", "missing", "", "nul\0"):
        assert files.regular(f"{tmp_path}/{name}") is None
