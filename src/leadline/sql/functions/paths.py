"""Paths, and the program that a command line names."""

from __future__ import annotations

import os
import stat

from leadline.sql.errors import SQLError
from leadline.sql.functions.arguments import integer, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadline.sql.functions import Settings
    from leadline.sql.schema import Value

BLANKS = " \t\n\v\f\r"
ESCAPE = "\\"


def parent_directory(path: Value) -> str | None:
    """Everything before the last slash; NULL without one. Raises SQLError for what is not text."""
    if not isinstance(path, str):
        raise SQLError("Invalid inputs to parent_directory, TEXT was expected")
    parent, slash, _ = text(path).rpartition("/")
    return parent if slash else None


def find_file_path_in_cmd(settings: Settings) -> Callable[..., str]:
    """Make ``find_file_path_in_cmd(command [, quotes [, escape]])``: the first of the command's programs."""

    def call(*arguments: Value) -> str:
        command, quotes, escape = _command(arguments, "find_binary_path_from_cmd")
        return next(programs(settings.root, command, quotes, escape), "")

    return call


def is_path_deterministic(settings: Settings) -> Callable[..., int]:
    """Make ``is_path_deterministic(command [, quotes [, escape]])``: whether it has one program at most, 1 or 0."""

    def call(*arguments: Value) -> int:
        command, quotes, escape = _command(arguments, "is_path_deterministic")
        found = list(programs(settings.root, command, quotes, escape))
        return int(not found or found[0] == found[-1])

    return call


def programs(root: str, command: str, quotes: bool, escape: str) -> Iterator[str]:
    """The beginnings of a command line that are files, shortest first.

    A command line written without quotes may name different programs: of ``/opt/my app/x`` both ``/opt/my`` and the
    whole. A beginning ends before a blank or at the end. ``quotes`` says that blanks between double quotes end
    nothing and the quotes are no part of the path; the ``escape`` character takes the meaning of the one after it.
    """
    path = ""
    quoted = escaped = False
    for character in command.lstrip(BLANKS):
        if escaped:
            escaped = False
        elif quotes and character == '"':
            quoted = not quoted
            continue
        elif character == escape:
            escaped = True
            continue
        elif not quoted and character in BLANKS and _is_file(root, path):
            yield path
        path += character
    if _is_file(root, path):
        yield path


def _is_file(root: str, path: str) -> bool:
    if not path:
        return False
    try:
        return not stat.S_ISDIR(os.stat(f"{root}/{path}" if root else path).st_mode)
    except OSError:
        return False


def _command(arguments: tuple[Value, ...], name: str) -> tuple[str, bool, str]:
    """The three arguments with their defaults. Raises SQLError for NULL and for an escape that is not one byte."""
    escape = text(arguments[2]) if len(arguments) > 2 else ESCAPE
    if not arguments or None in arguments or len(escape.encode()) != 1:
        raise SQLError(f"Invalid inputs to {name}")
    return text(arguments[0]), len(arguments) > 1 and integer(arguments[1]) != 0, escape
