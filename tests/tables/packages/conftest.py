"""Package databases made by the real tools: rpmbuild and rpm, Berkeley DB's db_load, dpkg-deb and dpkg."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

SPECS = Path(__file__).parents[2] / "captures" / "packages"


def run(*command: str | Path, **options: object) -> str:
    """What a program prints."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


@pytest.fixture(scope="session")
def rpm_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root whose rpm database, in SQLite, has the packages of tests/captures/packages."""
    if not shutil.which("rpmbuild"):
        pytest.skip("rpmbuild(8) is not installed")
    top = tmp_path_factory.mktemp("rpmbuild")
    for spec in sorted(SPECS.glob("*.spec")):
        run("rpmbuild", "-bb", "--quiet", "--define", f"_topdir {top}", spec)
    root = tmp_path_factory.mktemp("rpm")
    database = root / "var/lib/rpm"
    database.mkdir(parents=True)
    built = sorted(top.glob("RPMS/*/*.rpm"))
    run("rpm", "--dbpath", database, "-i", "--justdb", "--nodeps", "--noscripts", "--ignorearch", *built)
    return root


@pytest.fixture(scope="session")
def headers(rpm_root: Path) -> dict[int, bytes]:
    """The headers as rpm stored them, by their number."""
    connection = sqlite3.connect(f"file:{rpm_root}/var/lib/rpm/rpmdb.sqlite?mode=ro", uri=True)
    try:
        return dict(connection.execute("SELECT hnum, blob FROM Packages"))
    finally:
        connection.close()


@pytest.fixture
def database(tmp_path: Path, headers: dict[int, bytes]) -> Callable[[str], Path]:
    """``database(kind)``: a root with the packages of ``rpm_root`` in the format ndb, bdb, bdb-swapped or bdb-512.

    bdb may be followed by the size of its pages.
    """

    def make(kind: str) -> Path:
        root = tmp_path / kind
        folder = root / "usr/lib/sysimage/rpm"
        folder.mkdir(parents=True)
        if kind == "ndb":
            (folder / "Packages.db").write_bytes(ndb(headers))
            return root
        if not shutil.which("db5.3_load"):
            pytest.skip("db5.3_load(1) is not installed")
        order = "big" if kind == "bdb-swapped" else "little"
        numbers = ["-c", "db_lorder=4321"] if kind == "bdb-swapped" else []
        size = kind.rpartition("-")[2] if kind[-1].isdigit() else "4096"
        run("db5.3_load", *numbers, "-t", "hash", folder / "Packages", input=dump(headers, order, size))
        return root

    return make


def dump(headers: dict[int, bytes], order: str, size: str) -> str:
    """The headers in the form that db_load reads, db_dump(1), with rpm's note of the next number."""
    records = {0: (max(headers) + 1).to_bytes(4, order), **headers}  # type: ignore[arg-type]
    lines = ["VERSION=3", "format=bytevalue", "type=hash", f"db_pagesize={size}", "HEADER=END"]
    for number, value in records.items():
        lines += [f" {number.to_bytes(4, order).hex()}", f" {value.hex()}"]  # type: ignore[arg-type]
    return "\n".join([*lines, "DATA=END", ""])


def ndb(headers: dict[int, bytes]) -> bytes:
    """The headers in rpm's own format: no rpm that writes it is packaged for Debian. See leadline.linux.rpmndb."""
    slots, blobs = [], b""
    for number, header in headers.items():
        start = 4096 + len(blobs)
        padded = header + bytes(-(16 + len(header) + 12) % 16)
        body = b"BlbS" + b"".join(one.to_bytes(4, "little") for one in (number, 1, len(header))) + padded
        blobs += body + zlib.adler32(body).to_bytes(4, "little") + len(header).to_bytes(4, "little") + b"BlbE"
        slots.append((number, start // 16, (len(body) + 12) // 16))
    slots += [(0, 0, 0)] * (4096 // 16 - 2 - len(slots))
    start = b"RpmP" + b"".join(one.to_bytes(4, "little") for one in (0, 1, 1, max(headers) + 1)) + bytes(12)
    page = b"".join(b"Slot" + b"".join(one.to_bytes(4, "little") for one in slot) for slot in slots)
    return start + page + blobs
