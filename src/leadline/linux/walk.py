"""Files found by pattern, in the order of their paths, one at a time: memory does not grow with what is found.

Directories end in `/`, also those that a link points to. Sorting each directory's names with that slash on and
descending at once gives the order of the whole paths. What cannot be read, or has vanished, is left out.
"""

from __future__ import annotations

import os

from leadline.linux import rooted
from leadline.linux.pattern import anything

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadline.linux.pattern import Pattern, Step

    Entry = os.DirEntry[str]
    Found = tuple[str, Entry | None]
else:
    Entry = Found = object

DEPTH = 64  # directories below the one a recursive pattern starts in


def expand(root: str, pattern: Pattern, cancelled: Callable[[], bool]) -> Iterator[Found]:
    """The path of each match as seen under ``root``, and its directory entry where one was read.

    A search for something rare may go on for long without a match: ``cancelled`` ends it.
    """
    if pattern.steps:
        yield from _matches(root, pattern.base, pattern.steps, pattern, cancelled)
    elif exists(root, pattern.base):
        yield pattern.base, None


def entries(root: str, directory: str) -> dict[str, Entry]:
    """What a directory holds by name, `/` added to the names of directories."""
    found: dict[str, Entry] = {}
    try:
        with os.scandir(rooted.path(root, directory)) as scan:
            for entry in scan:
                try:
                    folder = _leads_to_folder(root, directory, entry) if root else entry.is_dir()
                except OSError:  # a link to where we may not look, or to itself
                    folder = False
                found[entry.name + "/" if folder else entry.name] = entry
    except (OSError, ValueError):
        return found
    return found


def exists(root: str, path: str) -> bool:
    """Whether there is anything at a path, be it a link to nowhere."""
    try:
        os.lstat(rooted.path(root, path, follow=False))
    except (OSError, ValueError):
        return False
    return True


def _leads_to_folder(root: str, directory: str, entry: Entry) -> bool:
    """is_dir() for an image: a link is followed inside of it."""
    if entry.is_symlink():
        return os.path.isdir(rooted.path(root, _join(directory, entry.name)))
    return entry.is_dir()


def _join(directory: str, name: str) -> str:
    return directory + name if directory.endswith("/") else f"{directory}/{name}"


def _matches(
    root: str, prefix: str, steps: list[Step], pattern: Pattern, cancelled: Callable[[], bool]
) -> Iterator[Found]:
    step, rest = steps[0], steps[1:]
    if cancelled():
        return
    if isinstance(step, str):
        if rest:
            yield from _matches(root, f"{prefix}{step}/", rest, pattern, cancelled)
        elif exists(root, prefix + step):
            folder = os.path.isdir(rooted.path(root, prefix + step))
            if folder or not pattern.folders:
                yield f"{prefix}{step}/" if folder else prefix + step, None
        return
    if not rest and pattern.recursive and step is anything:
        yield from _below(root, prefix, pattern.folders, set())
        return
    found = entries(root, prefix)
    seen: set[tuple[int, int]] = set()
    for key in sorted(found):
        folder = key.endswith("/")
        if not step(key[:-1] if folder else key):
            continue
        if rest:
            if folder:
                yield from _matches(root, prefix + key, rest, pattern, cancelled)
            continue
        if folder or not pattern.folders:
            yield prefix + key, found[key]
        if folder and pattern.recursive and (not found[key].is_symlink() or _new(root, prefix + key, seen)):
            yield from _below(root, prefix + key, pattern.folders, seen)


def _below(root: str, start: str, folders: bool, seen: set[tuple[int, int]]) -> Iterator[Found]:
    """Everything below a directory. ``seen`` are the directories, by device and inode, that links led to."""
    found = entries(root, start)
    stack = [(start, iter(sorted(found)), found)]
    while stack:
        prefix, keys, found = stack[-1]
        for key in keys:
            path = prefix + key
            if key[-1] != "/":
                if not folders:
                    yield path, found.pop(key)
                continue
            entry = found.pop(key)  # an entry remembers what it was asked, so none is kept longer than needed
            yield path, entry
            if len(stack) < DEPTH and (not entry.is_symlink() or _new(root, path, seen)):
                found = entries(root, path)
                stack.append((path, iter(sorted(found)), found))
                break
        else:
            stack.pop()


def _new(root: str, path: str, seen: set[tuple[int, int]]) -> bool:
    """Whether the directory a link leads to is worth entering: no directory above, and not entered by a link before.

    Directories that are entered as themselves are not looked up, so every file is found under its own path whatever
    links there are, and a walk ends because it enters by links each directory at most once.
    """
    try:
        identity = _identity(root, path)
        if identity in seen:
            return False
        end = path.rfind("/", 0, -1)
        while end >= 0:
            if _identity(root, path[: end + 1]) == identity:
                return False
            end = path.rfind("/", 0, end)
    except OSError:
        return False
    seen.add(identity)
    return True


def _identity(root: str, path: str) -> tuple[int, int]:
    status = os.stat(rooted.path(root, path))
    return status.st_dev, status.st_ino
