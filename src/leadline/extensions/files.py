"""Tables from Python files in a directory, in this process: for administrators who trust what they put there.

Such a file has all rights of the agent, so neither it nor any directory above it may belong to, or be writable by,
anybody but root (or the user of this process).
"""

from __future__ import annotations

import os
import stat
import sys
from types import ModuleType
from typing import NamedTuple

from leadline.sql.schema import Table

LARGEST = 1 << 20


class Loaded(NamedTuple):
    """One file: its tables, or why there are none."""

    path: str
    tables: tuple[Table, ...]
    problem: str


def load(directory: str, *, unsafe: bool = False) -> list[Loaded]:
    """Every ``*.py`` of a directory, by name. ``unsafe`` leaves out the checks of owner and mode."""
    if not os.path.isabs(directory):
        return [Loaded(directory, (), "the path of the directory is not absolute")]
    try:
        names = sorted(name for name in os.listdir(directory) if name.endswith(".py"))
    except OSError as error:
        return [Loaded(directory, (), f"the directory cannot be read: {error.strerror}")]
    return [one(os.path.join(directory, name), unsafe=unsafe) for name in names]


def one(path: str, *, unsafe: bool) -> Loaded:
    """Load one file."""
    real = os.path.realpath(path)
    try:
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            problem = "" if unsafe else wrong(real, os.fstat(descriptor))
            source = b"" if problem else os.read(descriptor, LARGEST + 1)  # of what was checked, whatever is there now
        finally:
            os.close(descriptor)
    except OSError as error:
        return Loaded(path, (), f"it cannot be read: {error.strerror}")
    if not problem and len(source) > LARGEST:
        problem = f"it is larger than {LARGEST >> 20} MiB"
    return Loaded(path, (), problem) if problem else execute(path, source)


def wrong(path: str, found: os.stat_result) -> str:
    """Which check of the file and of the directories above it failed; empty when none did."""
    if not stat.S_ISREG(found.st_mode):
        return "it is not a regular file"
    problem = others(path, found)
    while not problem and path != "/":
        path = os.path.dirname(path)
        problem = others(path, os.stat(path))
    return problem


def others(path: str, found: os.stat_result) -> str:
    """Whether somebody else can change what is there."""
    if found.st_uid not in (0, os.geteuid()):
        return f"{path} belongs to the user {found.st_uid}, neither to root nor to the user of this process"
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        who = "others" if found.st_mode & stat.S_IWOTH else "its group"
        return f"{who} can write {path} (mode {stat.S_IMODE(found.st_mode):04o})"
    return ""


def execute(path: str, source: bytes) -> Loaded:
    """Run a file as a module of its own and take the tables it declares."""
    name = f"leadline_tables_d.{os.path.basename(path)[:-3]}"
    module = ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    try:
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 - what the administrator asked for
    except Exception as error:  # noqa: BLE001 - the edge: somebody else's code
        del sys.modules[name]
        return Loaded(path, (), f"it fails: {type(error).__name__}: {error}")
    tables = {id(value): value for value in vars(module).values() if isinstance(value, Table)}
    problem = "" if tables else "it declares no table"
    return Loaded(path, tuple(tables.values()), problem)
