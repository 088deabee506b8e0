"""What a fuzz target is, and the bounds that each of its inputs has to keep.

An input fails its target by any exception, by a second of processor time, by 200 MiB of memory, and by a value that has
not the type of its column.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import FrameType

from leadline.catalogue.index import TABLES
from leadline.sql.schema import BIGINT, BLOB, DOUBLE, INTEGER, LINUX, TEXT, UNSIGNED_BIGINT, Column, Query, Table, Value

SECONDS = 1.0
MEBIBYTES = 200
TYPES = {TEXT: str, INTEGER: int, BIGINT: int, UNSIGNED_BIGINT: int, DOUBLE: float, BLOB: bytes}

Reader = Callable[[bytes], object]
Files = Mapping[str, bytes | str]


class OutOfBoundsError(BaseException):
    """An input took too much. No Exception: no reader may catch it."""


class Target:
    """A reader under test. ``prepare`` makes, in an empty directory, the function that reads bytes to their end."""

    __slots__ = ("name", "prepare", "seeds")

    def __init__(self, name: str, prepare: Callable[[Path], Reader], seeds: tuple[bytes, ...]) -> None:
        self.name = name
        self.prepare = prepare
        self.seeds = seeds


def plain(name: str, read: Reader, *seeds: bytes) -> Target:
    """A target that is a function of bytes. What it returns is walked to its end."""
    return Target(name, lambda _: lambda data: exhaust(read(data)), seeds)


def stored(name: str, read: Callable[[str], object], *seeds: bytes) -> Target:
    """A target that reads the file at a path."""

    def prepare(directory: Path) -> Reader:
        path = directory / "file"

        def run(data: bytes) -> None:
            path.write_bytes(data)
            exhaust(read(str(path)))

        return run

    return Target(name, prepare, seeds)


def planted(table: str, path: str, /, *seeds: bytes, beside: Files | None = None, **constraints: Value) -> Target:
    """A target that has the bytes in a file below a root and asks a table for all its rows there.

    ``beside`` is what else is there, ``constraints`` are columns with the value they have to have.
    """

    def prepare(root: Path) -> Reader:
        furnish(root, {path: b"", **(beside or {})})

        def run(data: bytes) -> int:
            (root / path).write_bytes(data)
            return ask(table, str(root), constraints)

        return run

    return Target(f"{table}:{path.rpartition('/')[2]}", prepare, seeds)


def named(
    table: str, parent: str, content: Files, *seeds: bytes, beside: Files | None = None, **constraints: Value
) -> Target:
    """A target that has the bytes in the name of something in a directory, which holds ``content``.

    The paths in that follow on the name; the empty path stands for a file or link of the name itself.
    """

    def prepare(root: Path) -> Reader:
        furnish(root, {f"{parent}/.keep": b"", **(beside or {})})

        def run(data: bytes) -> int:
            name = os.fsdecode(data.translate(None, b"\0/")[:200]).strip(".") or "x"
            place = root / parent / name
            if os.path.lexists(place):  # what is beside has the name
                return 0
            furnish(root, {f"{parent}/{name}{path}": one for path, one in content.items()})
            try:
                return ask(table, str(root), constraints)
            finally:
                place.unlink() if "" in content else shutil.rmtree(place)

        return run

    return Target(f"{table}={parent}", prepare, seeds)


def linked(table: str, path: str, *seeds: bytes, beside: Files | None = None) -> Target:
    """A target that has the bytes in where a symbolic link leads to."""

    def prepare(root: Path) -> Reader:
        furnish(root, {f"{path}.keep": b"", **(beside or {})})

        def run(data: bytes) -> int:
            (root / path).unlink(missing_ok=True)
            (root / path).symlink_to(os.fsdecode(data.replace(b"\0", b"")[:4000]) or "x")
            return ask(table, str(root), {})

        return run

    return Target(f"{table}->{path.rpartition('/')[2]}", prepare, seeds)


def furnish(root: Path, files: Files) -> None:
    """Make files, or symbolic links where the content is a text, with the directories that they need."""
    for name, content in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            place.symlink_to(content)
        else:
            place.write_bytes(content)


def declared(name: str) -> Table:
    """A table of the catalogue."""
    table = getattr(import_module(TABLES[name]), name)
    assert isinstance(table, Table)
    return table


def ask(name: str, root: str, constraints: dict[str, Value]) -> int:
    """Read a table to its end, hold each value against its column, and count the rows."""
    count = 0
    table = declared(name)
    columns = [column for column in table.columns if column.platforms & LINUX]
    query = Query(table, root=root, constraints={column: [("=", (value,))] for column, value in constraints.items()})
    for row in table.generators[LINUX](query):
        assert len(row) <= len(columns)
        for column, value in zip(columns, row, strict=False):
            check(column, value)
        count += 1
    return count


def check(column: Column, value: object) -> None:
    """Whether SQLite can have a value for a column."""
    assert value is None or type(value) is TYPES[column.type], (column.name, value)
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, int):
        assert -(1 << 63) <= value < 1 << 63, (column.name, value)


def exhaust(value: object) -> None:
    """Walk through whatever a reader returns: lists, generators and the fields of records."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.keys()
            waiting += one.values()
        elif isinstance(one, (list, tuple, Iterator)):
            for member in one:
                if not isinstance(member, (str, bytes, int, float)):
                    waiting.append(member)
        elif hasattr(one, "__slots__"):
            waiting += [getattr(one, name) for name in one.__slots__ if not name.startswith("_")]


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A directory for a target, in memory where the system offers that."""
    memory = "/dev/shm"
    return tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None, ignore_cleanup_errors=True)


def peak() -> int:
    """The most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def bounded(read: Reader) -> Reader:
    """The same function, within the bounds. Raises OutOfBoundsError."""
    most = peak() + MEBIBYTES

    def run(data: bytes) -> object:
        with _timed():
            found = read(data)
        if peak() > most:
            raise OutOfBoundsError(f"more than {MEBIBYTES} MiB")
        return found

    return run


@contextmanager
def _timed() -> Iterator[None]:
    before = signal.signal(signal.SIGPROF, _over)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _over(number: int, frame: FrameType | None) -> None:
    raise OutOfBoundsError(f"more than {SECONDS:g} s")
