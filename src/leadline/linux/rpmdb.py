"""The database of rpm: what packages an installation has.

Three formats, of which rpm uses whichever it was built for: SQLite (rpmdb.sqlite), its own ndb (Packages.db), and
Berkeley DB (Packages), which new versions only read. The values of a record are the package's header, see
:mod:`leadline.linux.rpmheader`. Nothing is locked or written.
"""

from __future__ import annotations

import os

from leadline.linux import files, rooted
from leadline.linux.rpmheader import NAME, PREFIX, Header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadline.linux.sqlitefile import Database

# Where distributions keep it: the old place, Fedora's and openSUSE's new one, that of rpm-ostree images.
PLACES = ("/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm")


def packages(
    root: str, warn: Callable[[str], None], names: frozenset[str] | None = None, path: str | None = None
) -> Iterator[Header]:
    """The headers of the installed packages, in the order of the database.

    Only those of packages with one of the ``names``, or that may have the file ``path``, where given. ``warn`` is told
    of a database that cannot be read, in part or at all.
    """
    found = _database(root)
    if found is None:
        return
    location, kind = found
    try:
        for blob in kind(location, names, path):
            try:
                header = Header(blob)
            except ValueError:
                continue
            if header.text(NAME) is not None:
                yield header
    except (ValueError, OSError) as error:
        warn(f"the rpm database {location} cannot be read: {error}")


def _database(root: str) -> tuple[str, Callable[[str, frozenset[str] | None, str | None], Iterator[bytes]]] | None:
    for place in PLACES:
        for name, kind in (("rpmdb.sqlite", _sqlite), ("Packages.db", _plain), ("Packages", _plain)):
            location = rooted.path(root, f"{place}/{name}")
            if os.path.lexists(location):
                return location, kind
    return None


def _plain(location: str, names: frozenset[str] | None, _path: str | None) -> Iterator[bytes]:
    """The headers of a database of the other formats, which have no index of files that is read here."""
    from leadline.linux import rpmbdb, rpmndb

    reader = rpmndb if location.endswith(".db") else rpmbdb
    descriptor = files.regular(location)
    if descriptor is None:
        raise ValueError("it is no regular file, or may not be read")
    try:
        yield from reader.blobs(descriptor, _wanted(names), PREFIX)
    finally:
        os.close(descriptor)


def _wanted(names: frozenset[str] | None) -> Callable[[bytes], bool]:
    """Whether the beginning of a header is that of one of the packages; it is too when there is no telling."""
    if names is None:
        return lambda prefix: True

    def wanted(prefix: bytes) -> bool:
        try:
            name = Header(prefix).text(NAME)
        except ValueError:
            return True
        return name is None or name in names

    return wanted


def _sqlite(location: str, names: frozenset[str] | None, path: str | None) -> Iterator[bytes]:
    from leadline.linux import sqlitefile

    try:
        with sqlitefile.Database(location) as database:
            yield from _records(database, names, path)
    except sqlitefile.DamagedError as error:
        raise ValueError(str(error)) from None


def _records(database: Database, names: frozenset[str] | None, path: str | None) -> Iterator[bytes]:
    tables = database.tables()
    if "Packages" not in tables:
        raise ValueError("it has no table of packages")
    left = database.size  # headers do not overlap, so together they are no longer than the file
    numbers = _numbers(database, tables, names, path)
    if numbers is not None:
        for one in numbers:
            for (blob,) in database.rows("SELECT blob FROM Packages WHERE hnum = ?", (one,)):
                if isinstance(blob, bytes):
                    yield blob
        return
    last = 0
    for number, blob in database.rows("SELECT hnum, blob FROM Packages"):
        # Numbers increase: in a damaged tree, where branches lead back, they do not.
        if not isinstance(number, int) or not isinstance(blob, bytes) or number <= last or len(blob) > left:
            return
        last = number
        left -= len(blob)
        yield blob


def _numbers(
    database: Database, tables: frozenset[str], names: frozenset[str] | None, path: str | None
) -> list[int] | None:
    """The numbers of the packages that are asked for, by the database's own indexes; None for all."""
    if names is not None and "Name" in tables:
        sql, keys = "SELECT hnum FROM Name WHERE key = ?", sorted(names)
    elif path is not None and "Basenames" in tables:
        sql, keys = "SELECT hnum FROM Basenames WHERE key = ?", [path.rpartition("/")[2]]
    else:
        return None
    found: set[int] = set()
    for key in keys:
        for (number,) in database.rows(sql, (key,)):
            if isinstance(number, int):
                found.add(number)
    return sorted(found)
