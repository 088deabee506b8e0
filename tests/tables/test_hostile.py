"""Whoever controls a machine controls its files: no table raises, hangs or grows without bound on damaged ones.

Every file of the captured roots is damaged in some way, and every table that reads files answers below that root.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from random import Random

import pytest

from leadline.catalogue.index import TABLES
from leadline.sql.schema import BIGINT, BLOB, DOUBLE, INTEGER, LIKE, LINUX, TEXT, UNSIGNED_BIGINT, Query, Table

ROOTS = sorted(path for path in (Path(__file__).parents[1] / "roots").iterdir() if (path / "etc").is_dir())
TYPES = {TEXT: str, INTEGER: int, BIGINT: int, UNSIGNED_BIGINT: int, DOUBLE: float, BLOB: bytes}
ROWS = 20_000
SECONDS = 10.0  # after which a table is told to stop
GRACE = 5.0
NOT_OF_FILES = ("curl", "curl_certificate")  # these ask other machines


def declared(name: str) -> Table:
    table = getattr(import_module(TABLES[name]), name)
    assert isinstance(table, Table)
    return table


ALL_TABLES = [declared(name) for name in TABLES if name not in NOT_OF_FILES]
READING = [table for table in ALL_TABLES if "live" not in table.attributes and "events" not in table.attributes]


def cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def flipped(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(1 + len(changed) // 50):
        changed[random.randrange(len(changed))] = random.choice(
            (0, 0x0A, 0x22, 0x3A, 0x7F, 0xFF, random.randrange(256))
        )
    return bytes(changed)


def noise(data: bytes, random: Random) -> bytes:
    return random.randbytes(min(len(data), 4096) + 7)


def repeated(data: bytes, random: Random) -> bytes:
    return data * random.randrange(2, 20) if len(data) < 50_000 else data


def wide(data: bytes, random: Random) -> bytes:
    """A line that does not end, in the middle."""
    place = random.randrange(len(data) + 1)
    return (
        data[:place]
        + random.choice((b"A", b"9", b"\xff", b"[", b"{", b":", b"\t", b"\\", b"\0")) * 100_000
        + data[place:]
    )


def shuffled(data: bytes, random: Random) -> bytes:
    lines = data.split(b"\n")
    random.shuffle(lines)
    return b"\n".join(lines)


DAMAGES: tuple[Callable[[bytes, Random], bytes], ...] = (cut, flipped, noise, repeated, wide, shuffled)


def damage(tree: Path, random: Random) -> None:
    """Damage every file below a directory."""
    for path in sorted(tree.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        data = path.read_bytes()
        if data:
            path.chmod(0o644)
            path.write_bytes(random.choice(DAMAGES)(data, random))


def asked(table: Table, root: str, deadline: float) -> Query:
    """Everything a table has below a root; tables that need a path get all of them."""
    required = [column.name for column in table.columns if column.required]
    pattern = {"path": "/%%", "directory": "/etc/%"}
    constraints = {}
    if required:
        column = next((name for name in required if name in pattern), None)
        if column is None:
            return Query(table, root=root, constraints={required[0]: [("=", ("1",))]})
        constraints = {column: [(LIKE, pattern[column])]}
    return Query(table, root=root, constraints=constraints, cancelled=lambda: time.monotonic() > deadline)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("root", ROOTS, ids=lambda path: path.name)
def test_no_table_raises_hangs_or_lies_about_types_on_damaged_files(root: Path, seed: int, tmp_path: Path) -> None:
    tree = tmp_path / "root"
    shutil.copytree(root, tree, symlinks=True)
    damage(tree, Random(f"{root.name} {seed}"))
    failures = {}
    for table in READING:
        try:
            read(table, str(tree))
        except Exception as error:
            failures[table.name] = error
    assert failures == {}


def read(table: Table, root: str) -> None:
    """The rows of a table, at most ROWS, each value held against its column."""
    own = [column for column in table.columns if column.platforms & LINUX]
    started = time.monotonic()
    for number, row in enumerate(table.generators[LINUX](asked(table, root, started + SECONDS))):
        assert len(row) <= len(own)
        for column, value in zip(own, row, strict=False):
            assert value is None or type(value) is TYPES[column.type], (column.name, value)
            if isinstance(value, str):
                value.encode()  # a lone surrogate ends the statement
            elif isinstance(value, int):
                assert -(1 << 63) <= value < 1 << 63, (column.name, value)
        if number == ROWS:
            break
    assert time.monotonic() - started < SECONDS + GRACE
