"""Histories of shells as they lie on disks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import history


def commands(tmp_path: Path, text: bytes) -> list[tuple[int, str]]:
    (tmp_path / "history").write_bytes(text)
    return list(history.commands(str(tmp_path), "/history"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"ls\ncd /\n", [(0, "ls"), (0, "cd /")]),
        (b"ls", [(0, "ls")]),
        (b"", []),
        (b"#1700000000\nls -l\npwd\n", [(1700000000, "ls -l"), (0, "pwd")]),
        (b"#1700000000\n#1700000001\nls\n", [(1700000000, "#1700000001"), (0, "ls")]),
        (b"# 12\n#12a\n#\n", [(0, "# 12"), (0, "#12a"), (0, "#")]),
        (b"#99999999999999999999999\n", [(0, "#99999999999999999999999")]),
        (b"#1700000000", []),
        (b": 1700000000:0;make test\n", [(1700000000, "make test")]),
        (b":         5:12;x;y\n", [(5, "x;y")]),
        (b": 1700000000:0\n: x:0;ls\n", [(0, ": 1700000000:0"), (0, ": x:0;ls")]),
        (b"a\n\nb\n", [(0, "a"), (0, ""), (0, "b")]),
        (b"echo \xff\n", [(0, "echo \\xFF")]),
    ],
)
def test_what_shells_write(tmp_path: Path, text: bytes, expected: list[tuple[int, str]]) -> None:
    assert commands(tmp_path, text) == expected


def test_letters_that_zsh_has_turned_are_turned_back(tmp_path: Path) -> None:
    meant = "echo Āā 字 ✓"
    turned = b"".join(bytes((0x83, byte ^ 32)) if 0x83 <= byte <= 0xA2 else bytes((byte,)) for byte in meant.encode())
    assert turned != meant.encode()
    assert commands(tmp_path, b": 1700000000:0;" + turned + b"\n") == [(1700000000, meant)]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_a_history_that_bash_has_written(tmp_path: Path) -> None:
    script = "set -o history; HISTTIMEFORMAT=%s; history -s 'echo one'; history -s 'echo \"#two\"'; history -w history"
    subprocess.run(["bash", "--norc", "-c", script], cwd=tmp_path, check=True, env={"HISTFILE": "history"})
    found = list(history.commands("", str(tmp_path / "history")))
    assert [command for _, command in found][-2:] == ["echo one", 'echo "#two"']
    assert all(time > 1_600_000_000 for time, _ in found)


def test_a_command_of_a_gigabyte_is_cut(tmp_path: Path) -> None:
    ((_, command),) = commands(tmp_path, b"x" * (3 << 20))
    assert len(command) == 1 << 20


def test_the_files_of_a_home_directory(tmp_path: Path) -> None:
    sessions = tmp_path / "home" / ".bash_sessions"
    sessions.mkdir(parents=True)
    for name in ("B.history", "A.history", "A.session", ".history"):
        (sessions / name).touch()
    assert list(history.paths(str(tmp_path), "/home/")) == [
        *(f"/home/{name}" for name in history.NAMES),
        "/home/.bash_sessions/A.history",
        "/home/.bash_sessions/B.history",
    ]


PARTS = [b"#", b"1", b"\n", b": ", b":", b";", b"\x83", b"\xc4", b"\0", b"x", b"9" * 30]


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PARTS), st.binary(max_size=3))))
def test_any_bytes_are_commands(tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]) -> None:
    path = tmp_path_factory.getbasetemp() / "any_history"
    path.write_bytes(b"".join(parts))
    for time, command in history.commands("", str(path)):
        assert 0 <= time < 1 << 63
        assert command.encode() is not None
