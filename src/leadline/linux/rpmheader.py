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
    from collections.abc import Iterator, Sequence
    from typing import TypeVar

    T = TypeVar("T")

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

    def files(self) -> Iterator[tuple[str, str | None, str | None, int | None, int | None, str | None]]:
        """Path, user, group, mode, size and SHA-256 of each file, in the order of the header.

        The digest is None in a package that has digests of another kind, and empty for what is no regular file.
        """
        names = self.texts(_BASE_NAMES)
        folders, indexes = self.texts(_DIR_NAMES), self.numbers(_DIR_INDEXES)
        if not names:
            names, folders = self.texts(_OLD_FILE_NAMES), [b""]
            indexes = (0,) * len(names)
        count = len(names)
        digests = self.texts(_FILE_DIGESTS) if self.number(_DIGEST_ALGORITHM) == _SHA256 else []
        known: dict[bytes | None, str | None] = {None: None}  # a package's files belong to few users and groups
        for name, index, user, group, mode, size, digest in zip(
            names,
            indexes,
            _padded(self.texts(_FILE_USER), count),
            _padded(self.texts(_FILE_GROUP), count),
            _padded(self.numbers(_FILE_MODES), count),
            _padded(self.numbers(_LONG_FILE_SIZES) or self.numbers(_FILE_SIZES), count),
            _padded(digests, count),
            strict=False,
        ):
            if index >= len(folders) or len(folders[index]) + len(name) >= _PATH:
                continue  # that cannot be a path
            for owner in (user, group):
                if owner not in known:
                    known[owner] = decode(owner or b"")
            yield (
                decode(folders[index] + name),
                known[user],
                known[group],
                mode,
                signed(size),
                None if digest is None else decode(digest),
            )

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
    return number - (1 << 64) if number is not None and number > 0x7FFFFFFFFFFFFFFF else number


def _padded(values: Sequence[T], count: int) -> Sequence[T | None]:
    """As many values as there are files; in a sound package that is how many there are."""
    return values if len(values) == count else [*values[:count], *[None] * (count - len(values))]
