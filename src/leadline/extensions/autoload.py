"""Which programs are started as extensions: the list of the administrator, and whether each may run.

A program that others can write would run with this program's rights, so what osquery checks is checked, and said.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

SUFFIX = ".ext"


class Finding(NamedTuple):
    """A path of the list, and why it is not started; empty when it is."""

    path: str
    problem: str


def findings(listing: str, *, unsafe: bool) -> list[Finding]:
    """Every path that a list names, directories read. A list that is not there names none.

    ``unsafe`` leaves out all checks but those of existence and name. Raises OSError when the list cannot be read.
    """
    try:
        with open(listing, encoding="utf-8", errors="surrogateescape") as stream:
            lines = stream.read().splitlines()
    except FileNotFoundError:
        return []
    found: dict[str, str] = {}
    for line in lines:
        path = line.strip()
        if path and path[0] not in "#;":
            for program in programs(path):
                found[program] = wrong(program, unsafe=unsafe)
    return [Finding(path, problem) for path, problem in found.items()]


def programs(path: str) -> Iterator[str]:
    """The path itself, or every file below a directory that has the suffix."""
    if not os.path.isdir(path):
        yield path
        return
    for directory, directories, files in os.walk(path):
        directories.sort()
        yield from (os.path.join(directory, name) for name in sorted(files) if name.endswith(SUFFIX))


def wrong(path: str, *, unsafe: bool = False) -> str:
    """Why a program is not started as an extension; empty when it is."""
    if not path.endswith(SUFFIX):
        return f"its name does not end in {SUFFIX}"
    if not os.path.isabs(path):
        return "its path is not absolute"
    try:
        found = os.stat(path)
        directory = os.stat(os.path.dirname(path))
    except OSError as error:
        return f"it cannot be looked at: {error.strerror}"
    return "" if unsafe else unsafe_mode(path, found, directory)


def unsafe_mode(path: str, found: os.stat_result, directory: os.stat_result) -> str:
    """What is wrong with owner and mode."""
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISREG(found.st_mode):
        return "it is not a regular file"
    if directory.st_mode & stat.S_ISVTX:
        return f"its directory {os.path.dirname(path)} has the sticky bit, as /tmp has: anybody can put files there"
    if found.st_uid not in (0, os.geteuid()):
        return f"it belongs to the user {found.st_uid}, neither to root nor to the user of this process"
    if mode & stat.S_IWOTH:
        return f"others can write it (mode {mode:04o}): chmod o-w"
    if not mode & stat.S_IXUSR:
        return f"its owner cannot execute it (mode {mode:04o}): chmod u+x"
    return ""
