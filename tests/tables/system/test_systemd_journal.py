from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

REMOTE = "/lib/systemd/systemd-journal-remote"
START = 1_700_000_000


def entry(time: float, **fields: str) -> str:
    given = {
        "__REALTIME_TIMESTAMP": str(int(time * 1_000_000)),
        "__MONOTONIC_TIMESTAMP": "5",
        "_BOOT_ID": "ab" * 16,
        "_MACHINE_ID": "cd" * 16,
        **fields,
    }
    return "".join(f"{name}={value}\n" for name, value in given.items()) + "\n"


SSH = {
    "_SYSTEMD_UNIT": "ssh.service", "SYSLOG_IDENTIFIER": "sshd", "_PID": "412", "_UID": "0", "_GID": "0",
    "_HOSTNAME": "web", "_TRANSPORT": "syslog", "_COMM": "sshd", "_EXE": "/usr/sbin/sshd", "_CMDLINE": "sshd: x [priv]",
}  # fmt: skip


def ssh(time: float, message: str, priority: int = 6) -> str:
    return entry(time, **SSH, PRIORITY=str(priority), MESSAGE=message)


ENTRIES = (
    entry(START - 5, _PID="1", UNIT="ssh.service", _SYSTEMD_UNIT="init.scope", MESSAGE="Started ssh.service.")
    + ssh(START + 0.25, "Failed password for root", 4)
    + entry(START + 1, _PID="77", UNIT="ssh.service", _SYSTEMD_UNIT="cron.service", MESSAGE="I am ssh, believe me")
    + entry(
        START + 2, PRIORITY="x", _PID="", MESSAGE="odd", _SYSTEMD_USER_UNIT="app.service", _UID="99999999999999999999"
    )
    + ssh(START + 3, "Accepted key")
)


@pytest.fixture(scope="module")
def journal(tmp_path_factory) -> str:
    """A root with one journal file."""
    if not os.path.exists(REMOTE):
        pytest.skip("systemd-journal-remote is not installed")
    root = tmp_path_factory.mktemp("root")
    path = root / "var/log/journal" / ("cd" * 16) / "system.journal"
    path.parent.mkdir(parents=True)
    subprocess.run([REMOTE, "-o", path, "-"], input=ENTRIES.encode(), check=True, capture_output=True)
    return str(root)


def test_one_entry_in_all_its_columns(ask, journal) -> None:
    (row,) = ask(f"SELECT * FROM systemd_journal WHERE time = {START}", journal)
    assert row == {
        "time": START,
        "time_usec": START * 1_000_000 + 250_000,
        "unit": "ssh.service",
        "user_unit": None,
        "priority": 4,
        "identifier": "sshd",
        "pid": 412,
        "uid": 0,
        "gid": 0,
        "hostname": "web",
        "message": "Failed password for root",
        "transport": "syslog",
        "comm": "sshd",
        "exe": "/usr/sbin/sshd",
        "cmdline": "sshd: x [priv]",
        "boot_id": "ab" * 16,
        "machine_id": "cd" * 16,
        "seqnum": 2,
    }


def test_hidden_columns(ask, journal) -> None:
    (row,) = ask(f"SELECT cursor, path, fields FROM systemd_journal WHERE time = {START + 3}", journal)
    assert row["path"] == f"/var/log/journal/{'cd' * 16}/system.journal"
    listed = subprocess.run(
        ["journalctl", "--file", f"{journal}{row['path']}", "-o", "json"], capture_output=True
    ).stdout
    other = json.loads(listed.splitlines()[-1])
    assert row["cursor"] == other["__CURSOR"]
    assert json.loads(row["fields"]) == {name: value for name, value in other.items() if not name.startswith("__")}


def test_a_units_entries_are_its_own_and_what_systemd_says_of_it(ask, journal) -> None:
    rows = ask("SELECT message FROM systemd_journal WHERE unit = 'ssh.service'", journal)
    assert [row["message"] for row in rows] == ["Started ssh.service.", "Failed password for root", "Accepted key"]
    rows = ask("SELECT message FROM systemd_journal WHERE unit IN ('cron.service', 'none')", journal)
    assert [row["message"] for row in rows] == ["I am ssh, believe me"]


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        (f"time > {START}", 3),
        (f"time >= {START}", 4),
        (f"time < {START}", 1),
        (f"time <= {START}", 2),
        (f"time > {START}.5", 3),
        (f"time < {START}.5", 2),
        (f"time BETWEEN {START} AND {START + 1}", 2),
        (f"time IN ({START}, {START + 3})", 2),
        (f"time > {START} AND unit = 'ssh.service'", 1),
        ("time > 0 AND pid = 412", 2),
        ("time > 0 AND pid IN (1, 77)", 2),
        ("time > 0 AND identifier = 'sshd'", 2),
        ("unit LIKE 'ssh%'", 3),
        ("unit = 'ssh.service' AND priority <= 4", 1),
        ("time > 99999999999999999", 0),
        ("time > 5 AND time < 3", 0),
        ("unit = ''", 0),
        ("unit = NULL", 0),
    ],
)
def test_constraints(ask, journal, condition: str, count: int) -> None:
    rows = ask(f"SELECT time_usec FROM systemd_journal WHERE {condition}", journal)
    assert len(rows) == count
    assert rows == sorted(rows, key=lambda row: row["time_usec"])


def test_a_time_or_a_unit_has_to_be_given(ask, journal) -> None:
    from leadline.sql.errors import SQLError

    with pytest.raises(SQLError, match="required column"):
        ask("SELECT * FROM systemd_journal", journal)


def test_odd_numbers_are_null(ask, journal) -> None:
    rows = ask(f"SELECT priority, pid, uid, user_unit, unit FROM systemd_journal WHERE time = {START + 2}", journal)
    assert [tuple(row.values()) for row in rows] == [(None, None, None, "app.service", None)]


def test_a_damaged_file_is_told_and_the_others_read(ask, journal, tmp_path) -> None:
    import shutil

    shutil.copytree(journal, tmp_path, dirs_exist_ok=True)
    (tmp_path / "var/log/journal/broken.journal").write_text("x")
    warnings: list[tuple[str, str]] = []
    rows = ask("SELECT time FROM systemd_journal WHERE time > 0", str(tmp_path), warn=lambda *one: warnings.append(one))
    assert len(rows) == 5
    assert warnings == [("systemd_journal", "/var/log/journal/broken.journal is left out: no journal file")]


def test_no_journal_no_rows(ask, tmp_path: Path) -> None:
    assert ask("SELECT * FROM systemd_journal WHERE time > 0", str(tmp_path)) == []
