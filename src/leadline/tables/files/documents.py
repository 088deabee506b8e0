"""Files whose contents the parse_* tables take apart: which ones, how much of them, and what is said when one is bad.

The columns are those of the tables of the same names that Fleet's agent has.
"""

from __future__ import annotations

from leadline.linux import files
from leadline.linux.text import clean
from leadline.sql.schema import TEXT, Column
from leadline.tables import namespaces
from leadline.tables.files import selection
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from leadline.sql.schema import Query, Row, Value

    # What a parser says of one value: the names that lead to it, the value as text, and what the table adds.
    Item = tuple[Sequence[str], str | None, *tuple[Value, ...]]

DEPTH = 100  # of one thing in another; no configuration comes near it
_READ_MAX = 50 << 20
_HELD = 1000  # rows of a file that are kept until the whole of it has been seen,
_ROOM = 8 << 20  # as long as they have no more characters
_SEPARATOR = "/"

PATH = Column("path", TEXT, "Path of the file.", required=True, index=True, optimized=True)
FULLKEY = Column("fullkey", TEXT, "All names that lead to the value, joined by `/`; numbers count in lists, from 0.")
PARENT = Column("parent", TEXT, "The same without the last name.")
KEY = Column("key", TEXT, "The last name.")


class ContentError(ValueError):
    """What a parser raises for a file that is not what it is said to be, with the reason."""


def rows(query: Query, parse: Callable[[bytes], Iterable[Item]], largest: int | None = None) -> Iterator[Row]:
    """The rows of the files that a statement asks for, of each all or none.

    ``parse`` is called again for a file of many values: the first time only to see whether the whole of it can be taken
    apart, so that no more of it is held than its bytes and a parser's state. It raises ContentError when it cannot.
    """
    limit = runtime.number(query, "read_max", _READ_MAX)
    limit = min(limit, largest) if largest else limit
    for root, end in namespaces.roots(query):
        for path, place in selected(root, query):
            data = files.read(place, limit + 1)
            if data is None:
                continue
            try:
                if len(data) > limit:
                    raise ContentError(f"larger than {limit} bytes")
                yield from _of_file(query, path, end, data, parse)
            except ContentError as error:
                query.warn(f"{path}: {clean(str(error))}")


def _of_file(query: Query, path: str, end: Row, data: bytes, parse: Callable[[bytes], Iterable[Item]]) -> Iterator[Row]:
    held: list[Row] | None = []
    room = _ROOM
    for number, (keys, value, *more) in enumerate(parse(data)):
        if held is not None:
            row = (path, *_keys(keys), value, *more, *end)
            room -= sum(len(text) for text in row if isinstance(text, str))
            held.append(row)
            if room < 0 or len(held) == _HELD:
                held = None
        elif not number % 1000 and query.cancelled():
            return
    if held is not None:
        yield from held
        return
    for keys, value, *more in parse(data):
        yield (path, *_keys(keys), value, *more, *end)


def selected(root: str, query: Query) -> Iterator[tuple[str, str]]:
    """Each regular file that the constraints on path name or match: path, and where it lies on this machine."""
    for path, entry in selection.by_path(root, query):
        if query.cancelled():
            return
        if not path.endswith("/") and (place := selection.regular(root, path, entry)):
            yield clean(path), place


def _keys(keys: Sequence[str]) -> tuple[str, str, str]:
    """fullkey, parent and key."""
    if not keys:
        return "", "", ""
    parent = _SEPARATOR.join(keys[:-1])
    return clean(f"{parent}{_SEPARATOR}{keys[-1]}" if len(keys) > 1 else keys[-1]), clean(parent), clean(keys[-1])


def text(data: bytes) -> str:
    """The text of a file in UTF-8, or in UTF-16 when it says so; bytes that are none are kept as half surrogates."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "surrogateescape")
