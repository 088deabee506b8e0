"""The hash table."""

from __future__ import annotations

from leadline.linux import digest
from leadline.linux.text import clean
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables import namespaces
from leadline.tables.files import selection
from leadline.tables.namespaces import MOUNT_NAMESPACE_ID, PID_WITH_NAMESPACE
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.sql.schema import Row

_ALGORITHMS = ("md5", "sha1", "sha256")
_READ_MAX = 50 << 20
_CACHE_MAX = 500

_cache = digest.Cache(_CACHE_MAX)


@table(
    "hash",
    Column("path", TEXT, "Path of the file.", required=True, index=True, optimized=True),
    Column("directory", TEXT, "Directory it lies in.", required=True, optimized=True),
    Column("md5", TEXT, "MD5 of the content, in hexadecimal.", collate="nocase"),
    Column("sha1", TEXT, "SHA-1 of the content, in hexadecimal.", collate="nocase"),
    Column("sha256", TEXT, "SHA-256 of the content, in hexadecimal.", collate="nocase"),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    examples=[
        "SELECT sha256 FROM hash WHERE path = '/etc/passwd'",
        "SELECT path, sha256 FROM hash WHERE directory = '/etc/cron.daily'",
        "SELECT f.path, f.size, h.md5 FROM file f JOIN hash h USING (path) WHERE f.path LIKE '/etc/ssh/%'",
    ],
    notes=(
        "The content of every file is read, by several threads. Files larger than the flag read_max have no"
        " digests. Digests of files that have not changed are remembered (hash_cache_max)."
    ),
)
def hash(query: Query) -> Rows:
    """Digests of regular files, by path or directory. Files beyond read_max, or not readable, have none."""
    for root, end in namespaces.roots(query):
        yield from _rows(root, query, end)


def _rows(root: str, query: Query, end: Row) -> Rows:
    algorithms = [algorithm for algorithm in _ALGORITHMS if query.uses(algorithm)]
    found = _files(root, query)
    if not algorithms:
        yield from ((clean(path), clean(directory), None, None, None, *end) for path, directory, _ in found)
        return
    rows: list[tuple[str, str]] = []

    def places() -> Iterator[str]:
        for path, directory, place in found:
            rows.append((clean(path), clean(directory)))
            yield place

    largest = runtime.number(query, "read_max", _READ_MAX)
    disabled = runtime.switch(query, "disable_hash_cache", False)
    _cache.size = 0 if disabled else runtime.number(query, "hash_cache_max", _CACHE_MAX)
    for _, made in digest.of_files(places(), algorithms, largest, _cache, query.cancelled):
        path, directory = rows.pop(0)
        if made:
            yield (path, directory, *(made.digests.get(algorithm) for algorithm in _ALGORITHMS), *end)


def _files(root: str, query: Query) -> Iterator[tuple[str, str, str]]:
    """Each regular file, or link to one: path, directory, and where it lies on this machine."""
    for path, entry in selection.by_path(root, query):
        if path[-1:] != "/" and (place := selection.regular(root, path, entry)):
            yield path, selection.parent(path), place
    for directory, path, entry in selection.by_directory(root, query):
        if place := selection.regular(root, path, entry):
            yield path, directory, place
