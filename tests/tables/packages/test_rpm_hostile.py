"""Damaged and forged rpm databases: whatever they hold, the reader ends, without an error."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.linux import rpmdb, rpmheader
from leadline.linux.rpmheader import Header

NAMES = {"sqlite": "rpmdb.sqlite", "ndb": "Packages.db", "bdb": "Packages"}
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=40)


def everything(header: Header) -> None:
    for tag in (rpmheader.NAME, rpmheader.GROUP, rpmheader.SIZE, rpmheader.EPOCH, rpmheader.LONG_SIZE):
        header.text(tag)
        header.number(tag)
    for path, *_ in header.files():
        assert path.encode() is not None


def mutated(content: bytes, changes: list[tuple[float, int]]) -> bytes:
    found = bytearray(content)
    for place, value in changes:
        found[int(place * len(found))] = value
    return bytes(found)


@QUICK
@given(st.binary(max_size=300))
def test_random_bytes_are_a_header_or_a_value_error(blob: bytes) -> None:
    try:
        header = Header(blob)
    except ValueError:
        return
    everything(header)


@QUICK
@given(CHANGES, st.floats(0, 1))
def test_damaged_headers_give_what_they_have(headers, changes: list[tuple[float, int]], end: float) -> None:
    for blob in headers.values():
        damaged = mutated(blob[: 2000 + int(end * len(blob))], changes)
        try:
            header = Header(damaged)
        except ValueError:
            continue
        everything(header)


@pytest.fixture(params=NAMES)
def original(request, database, rpm_root) -> tuple[str, bytes]:
    """The name and the content of a valid database."""
    name = NAMES[request.param]
    if request.param == "sqlite":
        return name, (rpm_root / "var/lib/rpm" / name).read_bytes()
    return name, (database(request.param) / "usr/lib/sysimage/rpm" / name).read_bytes()


@QUICK
@given(CHANGES, st.floats(0, 1), st.booleans())
def test_damaged_databases_give_what_they_have(
    original: tuple[str, bytes], tmp_path: Path, changes: list[tuple[float, int]], end: float, early: bool
) -> None:
    name, content = original
    # Most of what matters stands at the beginning.
    place = [(at / (50 if early else 1), value) for at, value in changes]
    (tmp_path / "var/lib/rpm").mkdir(parents=True, exist_ok=True)
    (tmp_path / "var/lib/rpm" / name).write_bytes(mutated(content, place)[: 512 + int(end * len(content) * 2)])
    for header in rpmdb.packages(str(tmp_path), lambda message: None):
        everything(header)
    list(rpmdb.packages(str(tmp_path), lambda message: None, frozenset({"abacus"})))
    list(rpmdb.packages(str(tmp_path), lambda message: None, None, "/usr/bin/abacus"))


@QUICK
@given(CHANGES, st.floats(0, 1))
def test_damaged_write_ahead_logs_do_no_harm(
    tmp_path: Path, headers: dict[int, bytes], changes: list[tuple[float, int]], end: float
) -> None:
    folder = tmp_path / "var/lib/rpm"
    log = tmp_path / "log"
    if not log.exists():
        folder.mkdir(parents=True)
        connection = sqlite3.connect(folder / "rpmdb.sqlite")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)")
        connection.executemany("INSERT INTO Packages VALUES (?, ?)", headers.items())
        connection.commit()
        log.write_bytes((folder / "rpmdb.sqlite-wal").read_bytes())
        connection.close()
    content = log.read_bytes()
    (folder / "rpmdb.sqlite-wal").write_bytes(mutated(content, changes)[: int(end * len(content) * 2)])
    for header in rpmdb.packages(str(tmp_path), lambda message: None):
        everything(header)


def test_a_forged_ndb_cannot_repeat_one_header_for_ever(tmp_path, headers) -> None:
    blob = max(headers.values(), key=len)
    slots = b"".join(b"Slot" + b"".join(one.to_bytes(4, "little") for one in (7, 16 * 256, 9)) for _ in range(4094))
    head = b"RpmP" + b"".join(one.to_bytes(4, "little") for one in (0, 1, 16, 9)) + bytes(12)
    content = (head + slots).ljust(65536, b"\0")
    content += b"BlbS" + b"".join(one.to_bytes(4, "little") for one in (7, 1, len(blob))) + blob
    (tmp_path / "var/lib/rpm").mkdir(parents=True)
    (tmp_path / "var/lib/rpm/Packages.db").write_bytes(content)
    found = sum(1 for _ in rpmdb.packages(str(tmp_path), lambda message: None))
    assert 1 <= found <= len(content) // len(blob)


@pytest.mark.parametrize("name", NAMES.values())
def test_a_database_that_cannot_be_read_is_told(tmp_path, name) -> None:
    (tmp_path / "var/lib/rpm").mkdir(parents=True)
    (tmp_path / "var/lib/rpm" / name).write_bytes(b"nothing of the kind" * 100)
    told: list[str] = []
    assert list(rpmdb.packages(str(tmp_path), told.append)) == []
    assert len(told) == 1
    assert name in told[0]


def test_a_link_to_nowhere_is_no_database(tmp_path) -> None:
    (tmp_path / "var/lib/rpm").mkdir(parents=True)
    os.symlink("/nowhere", tmp_path / "var/lib/rpm/rpmdb.sqlite")
    assert list(rpmdb.packages(str(tmp_path), lambda message: None)) == []
