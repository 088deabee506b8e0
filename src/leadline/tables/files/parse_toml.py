"""The parse_toml table."""

from __future__ import annotations

from leadline.linux.text import clean
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.files import documents
from leadline.tables.namespaces import MOUNT_NAMESPACE_ID, PID_WITH_NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST = 4 << 20  # bytes: the parser makes objects of the whole, and takes a second for each mebibyte
# A name's cost grows with the square of its parts.
_LONG_NAME = r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}"""


@table(
    "parse_toml",
    documents.PATH,
    documents.FULLKEY,
    documents.PARENT,
    documents.KEY,
    Column("value", TEXT, "The value; dates and times in ISO 8601. NULL for empty tables and arrays."),
    Column("type", TEXT, "string, integer, float, boolean, datetime, date, time, or table and array for empty ones."),
    PID_WITH_NAMESPACE,
    MOUNT_NAMESPACE_ID,
    platforms=LINUX,
    ours=True,
    examples=[
        "SELECT fullkey, value FROM parse_toml WHERE path = '/etc/containerd/config.toml'",
        "SELECT path, value FROM parse_toml WHERE path LIKE '/srv/%/pyproject.toml' AND fullkey = 'project/name'",
    ],
    notes="Any file that the program may read, up to 4 MiB and the flag `read_max`. A file that is no TOML 1.0 has no"
    " rows and is named in a warning.",
)
def parse_toml(query: Query) -> Rows:
    """Values in TOML files, one row for each, with the names that lead to it."""
    yield from documents.rows(query, _read, _LARGEST)


def _read(data: bytes) -> Iterator[documents.Item]:
    import re
    import tomllib

    try:
        text = data.decode("utf-8-sig")
        if re.search(_LONG_NAME, text):
            raise documents.ContentError("a name of more than 100 parts")
        document = tomllib.loads(text)
    except UnicodeDecodeError:
        raise documents.ContentError("not UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError, OverflowError) as error:
        raise documents.ContentError(str(error) if isinstance(error, ValueError) else "nested too deeply") from None
    yield from _values(document)


def _values(document: object) -> Iterator[documents.Item]:
    """The values in the order of the file, without recursion."""
    keys: list[str] = []
    open_ = [_members(document)]
    while open_:
        if len(open_) > documents.DEPTH:
            raise documents.ContentError(f"nested more than {documents.DEPTH} deep")
        key, value = next(open_[-1], (None, None))
        if key is None:
            open_.pop()
            del keys[-1:]
        elif isinstance(value, (dict, list)) and value:
            keys.append(key)
            open_.append(_members(value))
        else:
            yield [*keys, key], *_scalar(value)


def _members(value: object) -> Iterator[tuple[str | None, object]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from ((str(number), one) for number, one in enumerate(value))


def _scalar(value: object) -> tuple[str | None, str]:
    from datetime import date, datetime, time

    if isinstance(value, bool):
        return ("true" if value else "false"), "boolean"
    if isinstance(value, datetime):
        return value.isoformat(), "datetime"
    if isinstance(value, (date, time)):
        return value.isoformat(), type(value).__name__
    if isinstance(value, (dict, list)):
        return None, "table" if isinstance(value, dict) else "array"
    names = {str: "string", int: "integer", float: "float"}
    return clean(_digits(value) if isinstance(value, int) else str(value)), names.get(type(value), "")


def _digits(number: int) -> str:
    """Decimal digits; hexadecimal ones of a number that Python would not write in decimal ones."""
    return str(number) if number.bit_length() <= 64 else hex(number)
