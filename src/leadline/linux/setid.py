"""Programs that run with the rights of their owner or group: set-user-ID and set-group-ID files, inode(7)."""

from __future__ import annotations

import os

from leadline.linux import rooted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SETUID = 0o4000
SETGID = 0o2000
_EITHER = SETUID | SETGID
_WAITING = 50_000  # directories kept to be looked at later; what comes beyond is looked at there and then
_SHORT = 4096 // 4  # characters of a path that the system takes for certain: a character has at most four bytes
_LONGEST = 64 << 10
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

PLACES = (
    "/bin",
    "/sbin",
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/tmp",  # noqa: S108 looked at, not written to
)


def programs(root: str, places: Iterable[str], cancelled: Callable[[], bool]) -> Iterator[tuple[str, os.stat_result]]:
    """The path and status of each regular file below the places that has either bit.

    A link to a program counts under its own path, a link to a directory is not entered. Places that are one
    directory under several names (/bin is a link to /usr/bin on most systems) are walked once, and each file is told
    under every name.
    """
    names: dict[tuple[int, int], list[str]] = {}
    for place in places:
        try:
            status = os.stat(rooted.path(root, place))
        except OSError:
            continue
        names.setdefault((status.st_dev, status.st_ino), []).append(place)
    for same in names.values():
        start = rooted.path(root, same[0])
        for path, status in _below(root, start, cancelled):
            for name in same:
                yield name + path[len(start) :], status


def _below(root: str, start: str, cancelled: Callable[[], bool]) -> Iterator[tuple[str, os.stat_result]]:
    """The same below one directory, the paths as our process has them."""
    folders = [start]
    while folders:
        if cancelled():
            return
        folder = folders.pop()
        for number, entry in enumerate(_members(folder)):
            if number & 4095 == 4095 and cancelled():
                return
            try:
                if entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                elif entry.is_symlink():
                    status = _target(root, folder, entry)
                elif entry.is_dir(follow_symlinks=False):
                    inner = f"{folder}/{entry.name}"
                    if len(folders) < _WAITING:
                        folders.append(inner)
                    elif len(inner) < _LONGEST:
                        yield from _below(root, inner, cancelled)
                    continue
                else:
                    continue
            except (OSError, ValueError):
                continue
            if status.st_mode & _EITHER and status.st_mode & 0o170000 == 0o100000:
                yield f"{folder}/{entry.name}", status


def _members(folder: str) -> Iterator[os.DirEntry[str]]:
    """What a directory holds, as far as it can be read."""
    handle = _handle(folder) if len(folder) >= _SHORT else None
    try:
        with os.scandir(folder if handle is None else handle) as scan:
            yield from scan
    except OSError:
        return
    finally:
        if handle is not None:
            os.close(handle)  # not sooner: the entries are asked by it


def _target(root: str, folder: str, entry: os.DirEntry[str]) -> os.stat_result:
    """The status of what a link leads to; raises OSError when it leads nowhere."""
    if root:
        return os.stat(rooted.path(root, f"{folder}/{entry.name}"[len(root) :]))
    return entry.stat()


def _handle(folder: str) -> int | None:
    """A descriptor for a directory whose path may be longer than the system takes in one call; None for no such thing.

    Whoever may write to /tmp could hide a program below such a path.
    """
    if len(folder) > _LONGEST:
        return None
    handle = os.open("/", _FOLDER)
    parts = folder.split("/")[:0:-1]
    while parts:
        piece = ""
        while parts and len(piece) < _SHORT - 256:
            piece += f"{parts.pop()}/"
        try:
            inner = os.open(piece, _FOLDER, dir_fd=handle)
        except OSError:
            return None
        finally:
            os.close(handle)
        handle = inner
    return handle
