"""How SQLite compares, told to Python: what makes equal values one dictionary key, what a constraint means to a table.

Which rules hold depends on the column's type and on both values:
https://sqlite.org/datatype3.html#type_conversions_prior_to_comparison
"""

from __future__ import annotations

from leadline.sql.schema import BLOB, DOUBLE, EQUALS, GLOB, LIKE, TEXT
from leadline.sql.values import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from leadline.sql.schema import Column


def number(value: Any) -> Any:
    """The value as SQLite's numeric affinity makes it; text that is no number stays text."""
    if not isinstance(value, str) or "_" in value or not value.isascii():
        return value  # Python reads 1_0 and digits of other scripts as numbers, SQLite does not
    try:
        converted: float = int(value)
        if not -0x8000000000000000 <= converted <= 0x7FFFFFFFFFFFFFFF:
            converted = float(converted)
    except (ValueError, OverflowError):
        try:
            converted = float(value)
        except ValueError:
            return value
    return converted if converted - converted == 0 or converted in (float("inf"), float("-inf")) else value


def same(value: Any) -> Any:
    """The value itself."""
    return value


UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FOLDING = str.maketrans(UPPER, UPPER.lower())
FOLDS: dict[str, Callable[[Any], Any]] = {
    "BINARY": same,
    "NOCASE": lambda value: value.translate(FOLDING) if isinstance(value, str) else value,
    "RTRIM": lambda value: value.rstrip(" ") if isinstance(value, str) else value,
}


def folded(numeric: bool, collation: str) -> Callable[[Any], Any]:
    """What makes values that SQLite calls equal the same dictionary key."""
    fold = FOLDS[collation]
    return (lambda value: fold(number(value))) if numeric else fold


NOTHING = object()  # no row can satisfy the constraint
ANYTHING = object()  # the constraint cannot be told to the table


def narrow(column: Column, operator: str, value: Any) -> Any:
    """A constraint's value in the column's declared type, as :class:`Query` promises it, or NOTHING or ANYTHING."""
    if operator == EQUALS:
        if isinstance(value, set | frozenset):
            members = [one for one in (cell(column, member) for member in ordered(value)) if one is not NOTHING]
            if ANYTHING in members:
                return ANYTHING
            return tuple(members) if members else NOTHING
        one = cell(column, value)
        return one if one in (NOTHING, ANYTHING) else (one,)
    if value is None:
        return NOTHING
    if operator in (LIKE, GLOB):
        return value if isinstance(value, str) else ANYTHING
    converted = number(value)
    return converted if isinstance(converted, int | float) else ANYTHING


def ordered(values: Any) -> list[Any]:
    """Members of an IN list in an order that does not depend on hashing."""
    return sorted(values, key=lambda value: (str(type(value)), "" if value is None else value))


def cell(column: Column, value: Any) -> Any:
    """One value that a column shall equal, converted to the column's type."""
    if value is None:
        return NOTHING
    if column.type == TEXT:
        if isinstance(value, str):
            return value
        if isinstance(value, bytes):
            return NOTHING
        # '05' equals a number column's 5, so only a table that cannot do without the value is told one spelling
        return text(value) if column.required else ANYTHING
    if column.type == BLOB:
        return value
    converted = number(value)
    if not isinstance(converted, int | float):
        return NOTHING
    if column.type == DOUBLE:
        return float(converted)
    if isinstance(converted, float):
        return int(converted) if converted.is_integer() else NOTHING
    return converted
