"""The header of an rpm package, as rpm keeps one for each installed package.

Format: rpm's manual "Package format", header structure, and rpmtag.h. Two numbers, of entries and of bytes of data;
the entries (tag, type, offset, count); the data. All numbers are big-endian. rpm's databases leave out the magic that
stands before it in package files. What an installation adds (its time, for one) has entries behind the package's own;
where both have a tag the later entry is right.
"""

from __future__ import annotations

from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = 1000
VERSION = 1001
RELEASE = 1002
EPOCH = 1003
INSTALL_TIME = 1008
SIZE = 1009
VENDOR = 1011
GROUP = 1016
ARCH = 1022
SOURCE = 1044
SHA1 = 269
LONG_SIZE = 5009

_OLD_FILE_NAMES = 1027
_FILE_SIZES = 1028
_FILE_MODES = 1030
_FILE_DIGESTS = 1035
_FILE_USER = 1039
_FILE_GROUP = 1040
_DIR_INDEXES = 1116
_BASE_NAMES = 1117
_DIR_NAMES = 1118
_LONG_FILE_SIZES = 5008
_DIGEST_ALGORITHM = 5011
_SHA256 = 8  # RFC 9580, 9.5: the number of a hash algorithm; files without one have MD5

_WIDTHS = {2: 1, 3: 2, 4: 4, 5: 8}  # bytes of INT8, INT16, INT32 and INT64
_STRING, _STRING_ARRAY, _I18N = 6, 8, 9
_ENTRIES = 65536  # more entries than any header has; rpm itself stops there
PREFIX = 8192  # bytes of a header that nearly always hold its name
LARGEST = 64 << 20  # bytes of a header; that of a kernel's sources has some 10 MiB
_VALUES = 1 << 20  # of one tag
_LONGEST = 65536  # bytes of a text
_PATH = 4096  # bytes of a path, PATH_MAX


class File:
    """One file of a package. ``sha256`` is None where the package has digests of another kind."""

    __slots__ = ("group", "mode", "path", "sha256", "size", "user")

    def __init__(
        self, path: str, user: str | None, group: str | None, mode: int | None, size: int | None, sha256: str | None
    ) -> None:
        self.path = path
        self.user = user
        self.group = group
        self.mode = mode
        self.size = size
        self.sha256 = sha256


class Header:
    """A header whose values are looked up as they are asked for.

    Also of the beginning of one: what is not there is None. Raises ValueError for bytes that are no header.
    """

    __slots__ = ("_blob", "_data", "_fields", "_tags")

    def __init__(self, blob: bytes) -> None:
        from struct import unpack_from

        count = int.from_bytes(blob[:4], "big")
        if not 0 < count < _ENTRIES or 8 + 16 * count > len(blob):
            raise ValueError("not the number of entries of a header")
        self._blob = blob
        self._data = 8 + 16 * count
        self._fields = unpack_from(f">{4 * count}I", blob, 8)
        self._tags = self._fields[-4::-4]  # backwards: a later entry is right

    def text(self, tag: int) -> str | None:
        """A string, not longer than 64 KiB; of a translated one the untranslated."""
        found = self._find(tag)
        if found is None or found[0] not in (_STRING, _STRING_ARRAY, _I18N):
            return None
        end = self._blob.find(b"\0", found[1], found[1] + _LONGEST)
        return decode(self._blob[found[1] : end]) if end >= 0 else None

    def number(self, tag: int) -> int | None:
        """The first number."""
        found = self._find(tag)
        if found is None or found[0] not in _WIDTHS:
            return None
        data = self._blob[found[1] : found[1] + _WIDTHS[found[0]]]
        return int.from_bytes(data, "big") if len(data) == _WIDTHS[found[0]] else None

    def numbers(self, tag: int) -> tuple[int, ...]:
        """All numbers; none when the tag is missing or reaches beyond the header."""
        from struct import unpack_from

        found = self._find(tag)
        if found is None or found[0] not in _WIDTHS or found[2] > _VALUES:
            return ()
        if found[2] * _WIDTHS[found[0]] > len(self._blob) - found[1]:
            return ()
        return unpack_from(f">{found[2]}{'-BBHIQ'[found[0]]}", self._blob, found[1])

    def texts(self, tag: int) -> list[bytes]:
        """All strings, as bytes."""
        found = self._find(tag)
        if found is None or found[0] not in (_STRING, _STRING_ARRAY, _I18N) or found[2] > _VALUES:
            return []
        # The strings go on to the end of the header: only as many are wanted as there are.
        return self._blob[found[1] :].split(b"\0", found[2])[: found[2]]

    def files(self) -> Iterator[File]:
        """The package's files in the order of the header."""
        owners = self.texts(_FILE_USER), self.texts(_FILE_GROUP)
        modes = self.numbers(_FILE_MODES)
        sizes = self.numbers(_LONG_FILE_SIZES) or self.numbers(_FILE_SIZES)
        digests = self.texts(_FILE_DIGESTS) if self.number(_DIGEST_ALGORITHM) == _SHA256 else []
        for place, path in self._paths():
            yield File(
                decode(path),
                decode(owners[0][place]) if place < len(owners[0]) else None,
                decode(owners[1][place]) if place < len(owners[1]) else None,
                modes[place] if place < len(modes) else None,
                _signed(sizes[place]) if place < len(sizes) else None,
                decode(digests[place]) if place < len(digests) else None,
            )

    def _paths(self) -> Iterator[tuple[int, bytes]]:
        """Place among the files and path of each file; without those whose path cannot be one."""
        names = self.texts(_BASE_NAMES)
        if not names:
            yield from enumerate(self.texts(_OLD_FILE_NAMES))
            return
        folders = self.texts(_DIR_NAMES)
        for place, (name, index) in enumerate(zip(names, self.numbers(_DIR_INDEXES), strict=False)):
            if index < len(folders) and len(folders[index]) + len(name) < _PATH:
                yield place, folders[index] + name

    def _find(self, tag: int) -> tuple[int, int, int] | None:
        """Type of an entry, where its data begin in the blob, and the number of values."""
        try:
            place = len(self._fields) - 4 - 4 * self._tags.index(tag)
        except ValueError:
            return None
        _, kind, offset, count = self._fields[place : place + 4]
        start = self._data + offset
        return (kind, start, count) if start < len(self._blob) and count else None


def signed(number: int | None) -> int | None:
    """A 64-bit number as SQLite can hold it."""
    return None if number is None else _signed(number)


def _signed(number: int) -> int:
    return number - (1 << 64) if number > 0x7FFFFFFFFFFFFFFF else number
