"""Partitions and files of a disk or an image of one, read without mounting it: asks leadline.linux.sleuthkit."""

from __future__ import annotations

from leadline.linux import isolated, rooted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Row = tuple[Any, ...]
    Index = dict[Any, list[Row]]

_SECONDS = 60.0  # of processor time for one row
_MEGABYTES = 1024
_SINGLY = 3  # inodes that are looked up one by one before the whole partition is read
_MOST = 50_000  # files of a partition that are kept for that
_INODE = 3  # its place in a row about a file


def rows(
    root: str, device: str, want: dict[str, Any], cancelled: Callable[[], bool], warn: Callable[[str], None]
) -> Iterator[Row]:
    """What leadline.linux.sleuthkit.rows says of a device; ``want`` is its request without the place.

    Below another root a device is only read where it is a regular file. A child that fails is told of with ``warn``.
    """
    import json

    path = isolated.place(rooted.path(root, device))
    request = json.dumps({**want, "path": path, "regular": bool(root)})
    try:
        yield from isolated.rows("leadline.linux.sleuthkit", [request], cancelled, _SECONDS, _MEGABYTES, warn=warn)
    except isolated.ChildError as error:
        warn(f"the process that reads {device} {error}")


def files(
    root: str,
    device: str,
    want: dict[str, Any],
    kept: dict[tuple[object, ...], object],
    cancelled: Callable[[], bool],
    warn: Callable[[str], None],
) -> Iterator[Row]:
    """The same for a request for files.

    A join asks for one inode after the other, each time for a walk through the whole partition: so after a few of
    them the partition is read once, and its rows are kept in ``kept``, unless there are too many.
    """
    if want["paths"] is not None or want["inodes"] is None or len(want["inodes"]) != 1:
        yield from rows(root, device, want, cancelled, warn)
        return
    key = ("diskimage", root, device, want["partitions"], want["named"])
    known = kept.get(key, 0)
    if known == _SINGLY:
        known = _indexed(rows(root, device, {**want, "inodes": None}, cancelled, warn))
        kept[key] = known
    elif isinstance(known, int):
        kept[key] = known + 1
    found = known.get(want["inodes"][0]) if isinstance(known, dict) else None
    yield from found or rows(root, device, want, cancelled, warn)


def _indexed(every: Iterator[Row]) -> Index:
    """The rows by inode; none when there are too many."""
    index: Index = {}
    for number, row in enumerate(every):
        if number == _MOST:
            return {}
        index.setdefault(row[_INODE], []).append(row)
    return index
