"""A SQLite database that belongs to somebody else, read as a file.

SQLite itself would take locks, write the index of a write-ahead log, follow links out of an image, or wait on a pipe
in the file's place. Here it reads what a descriptor of ours is open on, and takes it for a file that does not change.
Where a log lies beside the file, pages it holds are taken from there. The price is that a transaction that ends in
between may be seen in part.

Format of the log: https://www.sqlite.org/fileformat2.html#walformat
"""

from __future__ import annotations

import os

from leadline.linux import files
from leadline.linux.text import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

    import apsw

_WAL_HEADER, _FRAME_HEADER = 32, 24
_WAL_MAGIC = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
_IMMUTABLE = 0x2000  # SQLITE_IOCAP_IMMUTABLE
_LONGEST = 64 << 20  # bytes of one value


class DamagedError(Exception):
    """The file is no SQLite database, or a damaged one, or not the one that was expected."""


class Database:
    """A connection for statements on plain tables. Close it, or use it in ``with``."""

    __slots__ = ("_closing", "_connection", "_system", "size")

    def __init__(self, path: str, *, views: bool = False) -> None:
        """Open a file, with its views or without. Raises :class:`DamagedError` when it is no regular file or may not
        be read.
        """
        import apsw

        path = os.path.realpath(path) if os.path.islink(path) else path
        folder, _, name = path.rpartition("/")
        # SQLite knows no names but in UTF-8; the directory's is not told to it.
        opened = files.regular(path) if clean(name) == name else None
        if opened is None:
            raise DamagedError("it is no regular file, or may not be read")
        self._closing = [opened]
        log = files.regular(f"{path}-wal")
        if log is not None:
            self._closing.append(log)
        sizes = [os.fstat(one).st_size for one in self._closing]
        self.size = sum(sizes)
        vfs = f"leadline-{id(self):x}"
        self._system = _logged(vfs, _Pages(*self._closing)) if sizes[1:] > [0] else _plain(vfs)
        self._closing.append(os.open(folder or "/", os.O_PATH | os.O_CLOEXEC))
        try:
            self._connection = apsw.Connection(
                f"file:/proc/self/fd/{self._closing[-1]}/{_quoted(name)}?immutable=1",
                flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
                vfs=vfs,
            )
        except apsw.Error as error:
            self._shut()
            raise DamagedError(str(error)) from None
        try:
            self._restrict(self._connection, views)
        except apsw.Error as error:
            self.close()
            raise DamagedError(str(error)) from None

    def _restrict(self, connection: apsw.Connection, views: bool) -> None:
        """No value larger than the file, and nothing of what a schema could make SQLite do."""
        import apsw

        connection.limit(apsw.SQLITE_LIMIT_LENGTH, max(1 << 20, min(self.size, _LONGEST)))
        connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_VIEW, int(views))
        connection.pragma("cache_size", 50)  # pages are read once: to keep more of them costs twice the time

    def rows(self, sql: str, values: tuple[apsw.SQLiteValue, ...] = ()) -> Iterator[tuple[apsw.SQLiteValue, ...]]:
        """The rows of a statement. Raises :class:`DamagedError`, also in the middle of them."""
        import apsw

        try:
            yield from self._connection.execute(sql, values)
        except apsw.Error as error:
            raise DamagedError(str(error)) from None
        except UnicodeDecodeError as error:
            raise DamagedError(str(error)) from None

    def select(
        self, sql: str, stopped: Callable[[], bool]
    ) -> tuple[tuple[str, ...], Iterator[tuple[apsw.SQLiteValue, ...]]]:
        """The column names and the rows of a statement of somebody else's, which may only read this database.

        ``stopped`` ends it. Raises :class:`DamagedError`, also in the middle of the rows.
        """
        import apsw

        allowed = (apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE)
        names: list[str] = []

        def described(cursor: apsw.Cursor, _sql: str, _values: object) -> bool:
            names[:] = [name for name, _ in cursor.get_description()]
            return True

        def allow(action: int, *_: object) -> int:
            return apsw.SQLITE_OK if action in allowed else apsw.SQLITE_DENY

        self._connection.authorizer = allow
        self._connection.set_progress_handler(stopped, 1000)
        cursor = self._connection.cursor()
        cursor.exec_trace = described
        try:
            cursor.execute(sql, can_cache=False)
        except (apsw.Error, UnicodeDecodeError) as error:
            raise DamagedError(str(error)) from None
        return tuple(names), _rest(cursor)

    def tables(self) -> frozenset[str]:
        """The names of the tables that are tables: no views, and none that a program stands behind."""
        try:
            return frozenset(
                str(name)
                for name, sql in self.rows("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
                if "virtual" not in str(sql).lower() and "generated" not in str(sql).lower()
            )
        except DamagedError:
            return frozenset()

    def close(self) -> None:
        """Close the connection and the file."""
        self._connection.close(True)
        self._shut()

    def _shut(self) -> None:
        self._system.unregister()
        for descriptor in self._closing:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _rest(cursor: apsw.Cursor) -> Iterator[tuple[apsw.SQLiteValue, ...]]:
    """The rows that a cursor still has. Raises :class:`DamagedError`."""
    import apsw

    try:
        yield from cursor
    except (apsw.Error, UnicodeDecodeError) as error:
        raise DamagedError(str(error)) from None


def _quoted(name: str) -> str:
    """A file's name for a URI, https://www.sqlite.org/uri.html."""
    return "".join(
        character if (character.isascii() and character.isalnum()) or character in "._-" else f"%{byte:02x}"
        for character in name
        for byte in os.fsencode(character)
    )


class _Pages:
    """What SQLite asks of an open file, answered from the database and the log over it."""

    def __init__(self, descriptor: int, log: int) -> None:
        self._descriptor = descriptor
        self._log = log
        self._page_size = 0
        self._frames: dict[int, int] = {}
        self._size = os.fstat(descriptor).st_size
        self._read_log(log)

    def _read_log(self, log: int) -> None:
        """Find where in the log the last committed state of each page is."""
        from struct import unpack

        header = os.pread(log, _WAL_HEADER, 0)
        if len(header) < _WAL_HEADER or header[:4] not in _WAL_MAGIC:
            return
        size = int.from_bytes(header[8:12], "big")
        if size not in (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536):
            return
        self._page_size = size
        pending: dict[int, int] = {}
        for place in range(_WAL_HEADER, os.fstat(log).st_size - size - _FRAME_HEADER + 1, size + _FRAME_HEADER):
            frame = os.pread(log, 16, place)
            if len(frame) < 16 or frame[8:] != header[16:24]:
                break  # left over from before the log was begun anew
            number, pages = unpack(">II", frame[:8])
            pending[number] = place + _FRAME_HEADER
            if pages:  # the end of a transaction, and how large the database is after it
                self._frames.update(pending)
                pending.clear()
                self._size = pages * size

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802, the names are SQLite's
        data = os.pread(self._descriptor, amount, offset)
        if self._frames:
            number, start = divmod(offset, self._page_size)
            place = self._frames.get(number + 1)
            if place is not None and start + amount <= self._page_size:
                data = os.pread(self._log, amount, place + start)
        if offset <= 18 and offset + amount >= 20 and len(data) >= 20 - offset:
            # The bytes that say "there is a log": we are it.
            data = data[: 18 - offset] + b"\1\1" + data[20 - offset :]
        return data

    def xFileSize(self) -> int:  # noqa: N802
        return self._size

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return _IMMUTABLE

    def xSectorSize(self) -> int:  # noqa: N802
        return 4096

    def xFileControl(self, _operation: int, _pointer: int) -> bool:  # noqa: N802
        return False

    def xLock(self, _level: int) -> None:  # noqa: N802
        """Nothing is locked."""

    def xUnlock(self, _level: int) -> None:  # noqa: N802
        """Nothing was locked."""

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xClose(self) -> None:  # noqa: N802
        """The descriptors are the database's."""


def _plain(name: str) -> apsw.VFS:
    """SQLite's own way to files, except that a name is taken as it stands: links are not resolved."""
    import apsw

    class Files(apsw.VFS):
        def __init__(self) -> None:
            super().__init__(name, "unix-none")

        def xFullPathname(self, name: str) -> str:  # noqa: N802
            return name

    return Files()


def _logged(name: str, pages: _Pages) -> apsw.VFS:
    """A file system of one file."""
    import apsw

    class Files(apsw.VFS):
        def __init__(self) -> None:
            super().__init__(name, "")

        def xOpen(self, _name: object, flags: list[int]) -> _Pages:  # type: ignore[override]  # noqa: N802
            if not flags[0] & apsw.SQLITE_OPEN_MAIN_DB:
                raise apsw.CantOpenError("there is one file here")
            flags[1] = flags[0]
            return pages

        def xAccess(self, _pathname: str, _flags: int) -> bool:  # noqa: N802
            return False  # neither a journal nor a log: the log is read here

        def xFullPathname(self, name: str) -> str:  # noqa: N802
            return name

    return Files()
