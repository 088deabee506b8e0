from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from leadline.linux import rpmdb, rpmheader

FORMATS = ["sqlite", "ndb", "bdb", "bdb-swapped"]
TAGS = (
    "NAME",
    "VERSION",
    "RELEASE",
    "SOURCERPM",
    "SIZE",
    "SHA1HEADER",
    "ARCH",
    "EPOCH",
    "INSTALLTIME",
    "VENDOR",
    "GROUP",
)
PACKAGE = "|".join(f"%{{{tag}}}" for tag in TAGS) + "\n"
FILE = "[%{=NAME}|%{FILENAMES}|%{FILEUSERNAME}|%{FILEGROUPNAME}|%{FILEMODES:octal}|%{FILESIZES}|%{FILEDIGESTS}\n]"


def queried(database: Path, form: str, *more: str) -> list[str]:
    """What rpm says of the packages of a database, one line each."""
    command = ["rpm", *more, "--dbpath", str(database), "-qa", "--qf", form]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return sorted(done.stdout.replace("(none)", "").splitlines())


@pytest.fixture(params=FORMATS)
def root(request, rpm_root, database) -> str:
    return str(rpm_root if request.param == "sqlite" else database(request.param))


def test_packages_are_those_of_rpm_in_every_format(ask, root, rpm_root) -> None:
    rows = ask("SELECT * FROM rpm_packages", root)
    ours = sorted("|".join("" if value is None else str(value) for value in row.values()) for row in rows)
    assert ours == queried(rpm_root / "var/lib/rpm", PACKAGE)
    assert len(ours) == 3


def test_files_are_those_of_rpm_in_every_format(ask, root, rpm_root) -> None:
    ours = [
        "|".join(str(row[key]) for key in ("package", "path", "username", "groupname", "mode", "size", "sha256"))
        for row in ask("SELECT * FROM rpm_package_files WHERE package IN ('abacus', 'ledger-data')", root)
    ]
    theirs = []
    for line in queried(rpm_root / "var/lib/rpm", FILE):
        fields = line.split("|")
        if fields[0] != "oldtimer":
            theirs.append("|".join([*fields[:4], f"{int(fields[4], 8) & 0o7777:04o}", *fields[5:]]))
    assert sorted(ours) == sorted(theirs)
    assert len(ours) == 308


@pytest.mark.parametrize("size", [512, 1024, 16384, 65536])
def test_a_berkeley_db_with_pages_of_any_size(answer, database, size) -> None:
    root = str(database(f"bdb-{size}"))
    assert answer("SELECT count(*), sum(size) FROM rpm_packages", root) == [(3, 1122)]


def test_rpm_reads_the_same_from_the_berkeley_db(database, rpm_root) -> None:
    folder = database("bdb") / "usr/lib/sysimage/rpm"
    assert queried(folder, PACKAGE, "--define", "_db_backend bdb_ro") == queried(rpm_root / "var/lib/rpm", PACKAGE)


def test_a_whole_row(ask, rpm_root) -> None:
    (row,) = ask("SELECT *, pid_with_namespace FROM rpm_packages WHERE name = 'abacus'", str(rpm_root))
    assert row.pop("install_time") > 1_700_000_000
    assert len(row.pop("sha1")) == 40
    assert row == {
        "name": "abacus", "version": "1.20~rc1", "release": "3.fc41", "source": "abacus-1.20~rc1-3.fc41.src.rpm",
        "size": 26, "arch": "noarch", "epoch": 2, "vendor": "Example Project",
        "package_group": "Applications/Engineering", "pid_with_namespace": 0,
    }  # fmt: skip


def test_files_with_their_owners_modes_and_digests(ask, rpm_root) -> None:
    sql = "SELECT path, username, groupname, mode, size, sha256 FROM rpm_package_files WHERE package = 'abacus'"
    rows = {row.pop("path"): tuple(row.values()) for row in ask(sql, str(rpm_root))}
    digest = hashlib.sha256(b"wires = 13\n").hexdigest()
    assert rows["/etc/abacus/abacus.conf"] == ("root", "wheel", "0640", 11, digest)
    assert rows["/etc/abacus"] == ("root", "root", "0755", 0, "")
    assert rows["/usr/bin/abacus"][2] == "4755"
    assert rows["/usr/bin/soroban"] == ("root", "root", "0777", 6, "")
    assert rows["/usr/share/abacus/beads/größe"][:2] == ("counter", "counter")
    assert "/var/log/abacus.log" in rows


def test_digests_of_another_kind_are_no_sha256(ask, rpm_root) -> None:
    sql = "SELECT path, sha256 FROM rpm_package_files WHERE package = 'oldtimer'"
    assert ask(sql, str(rpm_root)) == [{"path": "/usr/share/oldtimer/file", "sha256": None}]


def test_names_versions_and_paths_are_found_in_every_format(answer, root) -> None:
    assert answer("SELECT name FROM rpm_packages WHERE name IN ('ledger-data', 'abacus', 'none') ORDER BY 1", root) == [
        ("abacus",), ("ledger-data",),
    ]  # fmt: skip
    assert answer("SELECT name FROM rpm_packages WHERE name = 'missing'", root) == []
    assert answer("SELECT name FROM rpm_packages WHERE epoch = 2 AND arch = 'noarch'", root) == [("abacus",)]
    assert answer("SELECT package FROM rpm_package_files WHERE path = '/usr/share/ledger/page-7'", root) == [
        ("ledger-data",)
    ]
    assert answer("SELECT package FROM rpm_package_files WHERE path = '/usr/share/elsewhere/page-7'", root) == []


def test_versions_compare_as_rpm_compares_them(answer, rpm_root) -> None:
    sql = "SELECT name FROM rpm_packages WHERE version < '1.20' AND name = 'abacus'"
    assert answer(sql, str(rpm_root)) == [("abacus",)]  # 1.20~rc1 goes before 1.20


def test_nothing_is_written_beside_the_database(answer, rpm_root, tmp_path) -> None:
    folder = tmp_path / "var/lib/rpm"
    folder.mkdir(parents=True)
    shutil.copy(rpm_root / "var/lib/rpm/rpmdb.sqlite", folder)
    before = (folder / "rpmdb.sqlite").read_bytes()
    assert len(answer("SELECT name FROM rpm_packages", str(tmp_path))) == 3
    assert os.listdir(folder) == ["rpmdb.sqlite"]
    assert (folder / "rpmdb.sqlite").read_bytes() == before


@pytest.fixture
def logged(rpm_root: Path, tmp_path: Path):
    """A root whose database has a change that lies in the write-ahead log alone, and the connection that made it."""
    folder = tmp_path / "var/lib/rpm"
    folder.mkdir(parents=True)
    shutil.copy(rpm_root / "var/lib/rpm/rpmdb.sqlite", folder)
    connection = sqlite3.connect(folder / "rpmdb.sqlite")
    assert connection.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    yield tmp_path, connection
    connection.close()


def test_what_a_write_ahead_log_holds_is_seen(answer, logged) -> None:
    root, connection = logged
    connection.execute("DELETE FROM Packages WHERE hnum = 1")
    connection.commit()
    assert (root / "var/lib/rpm/rpmdb.sqlite-wal").stat().st_size
    assert len(answer("SELECT name FROM rpm_packages", str(root))) == 2
    connection.execute("DELETE FROM Packages")
    assert len(answer("SELECT name FROM rpm_packages", str(root))) == 2  # that is not committed
    connection.commit()
    assert answer("SELECT name FROM rpm_packages", str(root)) == []


def test_what_is_left_of_an_older_log_is_not_seen(answer, logged) -> None:
    root, connection = logged
    (blob,) = connection.execute("SELECT blob FROM Packages WHERE hnum = 1").fetchone()
    connection.executemany("INSERT INTO Packages(blob) VALUES (?)", [(blob,)] * 50)
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint")
    connection.execute("DELETE FROM Packages WHERE hnum > 3")
    connection.commit()
    assert len(answer("SELECT name FROM rpm_packages", str(root))) == 3


@pytest.mark.parametrize("name", ["rpmdb.sqlite", "Packages.db", "Packages"])
@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"RpmP" + bytes(28), b"x" * 5000, None])
def test_files_that_are_no_database_give_no_rows(answer, tree, tmp_path, name, content) -> None:
    root = tree({"var/lib/rpm/": b"", **({f"var/lib/rpm/{name}": content} if content is not None else {})})
    if content is None:
        os.mkfifo(tmp_path / "var/lib/rpm" / name)
    assert answer("SELECT * FROM rpm_packages", root) == []
    assert answer("SELECT * FROM rpm_package_files", root) == []


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE Other (hnum INTEGER PRIMARY KEY)",
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, text TEXT)",
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob AS (zeroblob(1000000000)))",
        "CREATE VIEW Packages AS WITH RECURSIVE n(hnum) AS (VALUES (1) UNION ALL SELECT hnum + 1 FROM n)"
        " SELECT hnum, x'00' AS blob FROM n",
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB); INSERT INTO Packages VALUES (1, 'text')",
    ],
)
def test_databases_with_another_schema_give_no_rows(answer, tmp_path, schema) -> None:
    (tmp_path / "var/lib/rpm").mkdir(parents=True)
    connection = sqlite3.connect(tmp_path / "var/lib/rpm/rpmdb.sqlite")
    connection.executescript(schema)
    connection.close()
    assert answer("SELECT * FROM rpm_packages", str(tmp_path)) == []


def test_a_machine_without_rpm_has_no_rows(answer, tmp_path) -> None:
    assert answer("SELECT * FROM rpm_packages", str(tmp_path)) == []


def test_a_root_that_is_a_descriptor_leads_to_its_own_database(rpm_root) -> None:
    """As with pid_with_namespace: what the descriptor's path names here is another file."""
    descriptor = os.open(rpm_root, os.O_PATH)
    try:
        headers = rpmdb.packages(f"/proc/self/fd/{descriptor}", lambda message: None)
        assert len([header.text(rpmheader.NAME) for header in headers]) == 3
    finally:
        os.close(descriptor)


def test_reading_leaves_nothing_open(answer, root) -> None:
    before = os.listdir("/proc/self/fd")
    for _ in range(3):
        answer("SELECT name FROM rpm_packages LIMIT 1", root)
        answer("SELECT name FROM rpm_packages", root)
    assert len(os.listdir("/proc/self/fd")) == len(before)
