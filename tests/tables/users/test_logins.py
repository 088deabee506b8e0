from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def test_logged_in_users_are_the_records_of_utmp_but_those_of_init(answer, root) -> None:
    assert answer("SELECT type, user, tty, host, time, pid FROM logged_in_users", root) == [
        ("boot_time", "reboot", "~", "6.1.0-test", 1700000000, 0),
        ("runlevel", "runlevel", "~", "6.1.0-test", 1700000010, 53),
        ("login", "LOGIN", "tty1", "", 1700000011, 700),
        ("user", "ada", "pts/0", "192.0.2.7", 1700001000, 812),
        ("user", "Ren\\xE9", "pts/1", "fd00::7", 1700001100, 900),
    ]


def test_last_has_logins_and_their_ends(answer, root) -> None:
    assert answer("SELECT * FROM last", root) == [
        ("ada", "pts/0", 812, 7, "user-process", 1700001000, "192.0.2.7"),
        ("Ren\\xE9", "pts/1", 900, 7, "user-process", 1700001100, "fd00::7"),
        ("", "pts/0", 812, 8, "dead-process", 1700002000, ""),
    ]


def test_last_agrees_with_last_1(answer, root, tmp_path) -> None:
    program = shutil.which("last")
    if not program:
        pytest.skip("last(1) is not installed")
    whole = tmp_path / "wtmp"  # last(1) reads from the end, where the captured file has half a record
    whole.write_bytes(Path(root, "var/log/wtmp").read_bytes()[: 4 * 384])
    printed = subprocess.run(
        [program, "-f", str(whole), "-w"], capture_output=True, text=True, check=True, errors="replace"
    ).stdout
    users = [line.split()[0] for line in printed.splitlines() if line.strip()]
    for user, host in answer("SELECT username, host FROM last WHERE type = 7 AND username = 'ada'", root):
        assert user in users
        assert host in printed


def test_who_agrees_with_live_logins(answer) -> None:
    program = shutil.which("who")
    if not program:
        pytest.skip("who(1) is not installed")
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    assert len(answer("SELECT * FROM logged_in_users WHERE type = 'user'")) == len(printed.splitlines())


def test_without_the_files_nobody_ever_logged_in(answer, tmp_path) -> None:
    assert answer("SELECT * FROM logged_in_users", str(tmp_path)) == []
    assert answer("SELECT * FROM last", str(tmp_path)) == []
