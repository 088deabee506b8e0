"""Which files a statement asks for: the constraints on path and directory that the file tables have in common."""

from __future__ import annotations

import os

from leadline.linux import pattern, rooted, walk
from leadline.sql.schema import GLOB, LIKE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.linux.pattern import Pattern
    from leadline.linux.walk import Entry, Found
    from leadline.sql.schema import Query


def by_path(root: str, query: Query) -> Iterator[Found]:
    """Paths that the constraints on path name or match, with the directory entry where one was read.

    Named ones come whether they exist or not. What a constraint on directory yields anyway is left out.
    """
    named, folders = query.equals("path"), _texts(query.equals("directory"))
    if named is not None:
        for path in sorted(set(_texts(named))):
            if path.endswith("/") or parent(path) not in folders:
                yield native(root, path), None
        return
    patterns = _patterns(root, query, "path")
    if not patterns:
        return
    if query.equals("directory") is not None:
        # Of the paths that match, those with this directory are its members, which by_directory yields, and itself.
        yield from ((f"{folder}/", None) for folder in folders if not folder.endswith("/"))
        return
    yield from walk.expand(root, _fewest(patterns), query.cancelled)


def by_directory(root: str, query: Query) -> Iterator[tuple[str, str, Entry]]:
    """The members of the directories that the constraints on directory name or match: directory, path, entry."""
    for folder in _folders(root, query):
        prefix = folder if folder.endswith("/") else f"{folder}/"
        members = walk.entries(root, native(root, folder))
        for name, entry in sorted((entry.name, entry) for entry in members.values()):
            yield folder, prefix + name, entry


def regular(root: str, path: str, entry: Entry | None) -> str | None:
    """Where a regular file, or what a link to one leads to, lies on this machine; None for anything else."""
    place = rooted.path(root, path)
    if entry and not entry.is_symlink():
        return place if entry.is_file(follow_symlinks=False) else None
    # Never by opening it: for some devices that alone has effects.
    return place if os.path.isfile(place) else None


def parent(path: str) -> str:
    """The directory of a path: `/a` for `/a/b` and for `/a/`, `/` for `/a`, "" for `/` and for `a`."""
    head = path.rpartition("/")[0].rstrip("/")
    return head or ("/" if path.startswith("/") and path.strip("/") else "")


def native(root: str, path: str) -> str:
    r"""The path as the system has it: where `\xHH` stands for a byte that is no UTF-8, as answers show it, that byte.

    So a path that one query answered can be asked for in the next, or joined with.
    """
    if "\\x" not in path or walk.exists(root, path):
        return path
    import re

    return re.sub(r"\\x([89A-F][0-9A-F])", lambda match: chr(0xDC00 + int(match[1], 16)), path)


def _folders(root: str, query: Query) -> Iterator[str]:
    named = query.equals("directory")
    if named is not None:
        yield from sorted(set(_texts(named)))
        return
    patterns = _patterns(root, query, "directory")
    if patterns:
        chosen = _fewest(patterns)
        if not chosen.steps:
            yield chosen.base
            return
        chosen.folders = True
        yield from (path for path, _ in walk.expand(root, chosen, query.cancelled))


def _fewest(patterns: list[Pattern]) -> Pattern:
    """All patterns hold together, so the matches of any one are enough: that of the deepest base has the fewest."""
    return max(patterns, key=lambda one: (not one.recursive, len(one.base)))


def _patterns(root: str, query: Query, column: str) -> list[Pattern]:
    directory = "/" if root else os.getcwd()
    held = [
        (operator, value)
        for operator, value in query.matching(column)
        if isinstance(value, str) and value and operator in (LIKE, GLOB)
    ]
    # Beside one that says where to look, `%.conf` says what to look for, and not that it is in our own directory.
    whole = [(operator, value) for operator, value in held if value.startswith("/")]
    found = []
    for operator, value in whole or held:
        one = pattern.like(value, directory) if operator == LIKE else pattern.glob(value, directory)
        one.base = native(root, one.base)
        found.append(one)
    return found


def _texts(values: tuple[object, ...] | None) -> list[str]:
    return [value for value in values or () if isinstance(value, str) and value]
