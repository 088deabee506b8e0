"""The entries of all journal files of a system, in the order of their time."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.journal.file import ONLINE, DamagedError, JournalFile
from leadline.linux.text import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadline.linux.journal.file import Entry

    Identity = tuple[str, int, str, int, int]

FOLDERS = ("/var/log/journal", "/run/log/journal")
FOREVER = (1 << 64) - 1
_NAMES = (".journal", ".journal~")  # the second was found damaged by systemd and put aside
_FILES = 100_000


def paths(root: str) -> Iterator[str]:
    """The journal files of a system: those of every machine, user and namespace."""
    count = 0
    for folder in FOLDERS:
        for name in sorted(files.names(rooted.path(root, folder))):
            place = f"{folder}/{name}"
            below = [place] if name.endswith(_NAMES) else []
            below += [f"{place}/{one}" for one in sorted(files.names(rooted.path(root, place))) if one.endswith(_NAMES)]
            for path in below:
                count += 1
                if count > _FILES:
                    return
                yield path


def read(
    root: str,
    matches: list[bytes] | None,
    since: int,
    until: int,
    warn: Callable[[str], None],
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[str, JournalFile, Entry]]:
    """The entries within a time (microseconds, both ends included) with the path and file they are in, oldest first.

    ``matches`` are fields, ``NAME=value``, of which an entry has to have one. A file is open only while its entries
    are read, so that a year of rotated files costs no more than today's. An entry that two files hold comes once.
    """
    from heapq import heappop, heappush

    pending = _overlapping(root, since, until, warn)
    pending.sort(reverse=True)
    running: list[tuple[int, int, str, JournalFile, Iterator[Entry], Entry]] = []
    last: Identity | None = None
    number = 0
    try:
        while pending or running:
            while pending and (not running or pending[-1][0] <= running[0][0]):
                path = pending.pop()[1]
                opened = _again(root, path)
                if opened is None:
                    continue
                number += 1
                entries = opened.entries(matches, since, until, cancelled)
                entry = next(entries, None)
                if entry is None:
                    opened.close()
                else:
                    heappush(running, (entry.realtime, number, path, opened, entries, entry))
            if not running:
                continue
            _, order, path, opened, entries, entry = running[0]
            identity = (opened.seqnum_id, entry.seqnum, entry.boot_id, entry.monotonic, entry.xor_hash)
            if identity != last:
                last = identity
                yield clean(path), opened, entry
            heappop(running)
            following = next(entries, None)
            if following is None:
                opened.close()
            else:
                heappush(running, (following.realtime, order, path, opened, entries, following))
    finally:
        for one in running:
            one[3].close()


def _overlapping(root: str, since: int, until: int, warn: Callable[[str], None]) -> list[tuple[int, str]]:
    """The files that may have entries of a time, each with when its first was written."""
    found = []
    forbidden = 0
    for path in paths(root):
        try:
            opened = JournalFile.open(rooted.path(root, path))
        except DamagedError as error:
            warn(f"{clean(path)} is left out: {error}")
            continue
        if opened is None:
            forbidden += 1
            continue
        with opened:
            # the last time of a file that is written to may be behind its last entry
            if opened.head <= until and (opened.tail >= since or opened.state == ONLINE):
                found.append((opened.head, path))
    if forbidden:
        warn(f"{forbidden} journal files may not be read")
    return found


def _again(root: str, path: str) -> JournalFile | None:
    """A file that could be read before; None when it has gone or changed since."""
    try:
        return JournalFile.open(rooted.path(root, path))
    except DamagedError:
        return None
