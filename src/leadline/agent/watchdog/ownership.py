"""Whether others could change the program that runs with this process's rights."""

from __future__ import annotations

import os
import stat
import sys


def problem() -> str:
    """Which file is not safe and why; empty when all are.

    The interpreter, its directory and the package's are looked at: each must belong to root or to the user of this
    process, and others must not be able to write it.
    """
    interpreter = os.path.realpath(sys.executable)
    package = os.path.realpath(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
    for path in (interpreter, os.path.dirname(interpreter), package):
        found = wrong(path)
        if found:
            return found
    return ""


def wrong(path: str) -> str:
    """What is wrong with one file or directory."""
    try:
        facts = os.stat(path)
    except OSError as error:
        return f"{path} cannot be looked at: {error.strerror}"
    if facts.st_uid not in (0, os.geteuid()):
        return f"{path} belongs to the user {facts.st_uid}, neither to root nor to the user of this process"
    if facts.st_mode & stat.S_IWOTH:
        return f"others can write {path} (mode {stat.S_IMODE(facts.st_mode):04o})"
    return ""
