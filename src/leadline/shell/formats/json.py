"""JSON as osquery prints it: every value a string, keys in alphabetical order, one row a line.

The escapes are RapidJSON's, which differ from Python's in upper-case hexadecimal digits: short ones for the usual
five, ``\\u00XX`` for other characters below space, everything else as it is.
"""

from __future__ import annotations

from _json import encode_basestring  # what json.encoder uses; importing json costs 2 ms

from leadline.sql.errors import SQLError
from leadline.sql.values import real, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from leadline.shell.formats import Rows

    Encoder = Callable[[Any], str]

ESCAPES = {number: f"\\u00{number:02X}" for number in range(32)}
ESCAPES.update({8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"})


def quote(value: str) -> str:
    """A JSON string; like a C string it ends before the first NUL."""
    quoted: str = encode_basestring(value)
    if "\\u00" in quoted:
        return f'"{value.partition(chr(0))[0].translate(ESCAPES)}"'
    return quoted


def strings(null: str) -> dict[type, Encoder]:
    """How each type of cell is written when every value is a string."""
    empty = quote(null)
    return {
        str: encode_basestring,
        int: '"%d"'.__mod__,
        float: lambda value: f'"{real(value)}"',
        bytes: lambda value: quote(text(value)),
        type(None): lambda value: empty,
    }


def typed() -> dict[type, Encoder]:
    """How each type of cell is written when numbers are numbers and NULL is null."""
    return {
        str: encode_basestring,
        int: int.__repr__,
        float: number,
        bytes: lambda value: quote(text(value)),
        type(None): lambda value: "null",
    }


def number(value: float) -> str:
    """A JSON number with all digits; infinities are too large ones, as JSON has no word for them."""
    if value in (float("inf"), float("-inf")):
        return "1e999" if value > 0 else "-1e999"
    return repr(value)


def keys(columns: tuple[str, ...]) -> list[tuple[str, int]]:
    """The keys of a row in their order, each with the column that it takes its value from: the last of its name."""
    return sorted({name: number for number, name in enumerate(columns)}.items())


def objects(result: Rows, encoders: dict[type, Encoder], *, between: str, colon: str) -> Iterator[str]:
    """The members of each row's object, without braces."""
    order = keys(result.columns)
    template = between.join(f"{quote(name)}{colon}".replace("%", "%%") + "%s" for name, _ in order)
    numbers = [number for _, number in order]
    ordered = numbers == list(range(len(result.columns)))
    for row in result:
        cells = row if ordered else [row[number] for number in numbers]
        members = template % tuple([encoders[type(value)](value) for value in cells])
        if "\\u00" in members:  # rare: a control character, or a backslash before such digits
            members = template % tuple(
                [quote(value) if type(value) is str else encoders[type(value)](value) for value in cells]
            )
        yield members


def document(results: Iterable[Rows], null: str = "", *, numbers: bool = False) -> Iterator[str]:
    """The rows of all results as one array, one object a line. ``numbers`` keeps numbers and nulls."""
    encoders = typed() if numbers else strings(null)
    failure = None
    yield "[\n"
    try:
        start = "  {"
        for result in results:
            for members in objects(result, encoders, between=",", colon=":"):
                yield f"{start}{members}}}"
                start = ",\n  {"
    except SQLError as error:
        failure = error
    yield "\n]\n"
    if failure:
        raise failure


def pretty(results: Iterable[Rows], null: str = "", *, numbers: bool = False) -> Iterator[str]:
    """The rows of all results as one array, indented by two spaces."""
    encoders = typed() if numbers else strings(null)
    failure = None
    start = first = "[\n  {\n    "
    try:
        for result in results:
            for members in objects(result, encoders, between=",\n    ", colon=": "):
                yield f"{start}{members}\n  }}"
                start = ",\n  {\n    "
    except SQLError as error:
        failure = error
    yield "[]\n" if start is first else "\n]\n"
    if failure:
        raise failure
