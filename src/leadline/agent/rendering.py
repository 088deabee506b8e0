r"""Rows and texts as JSON, to the byte as osquery's writer (RapidJSON) prints them.

A *typed* row keeps numbers as numbers, a *text* row has every cell as a string.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from json.encoder import encode_basestring
from math import isfinite

from leadline.sql import values
from leadline.sql.schema import Value

_CONTROL = re.compile("[\x00-\x1f]")
_RARE = re.compile("[\x00-\x07\x0b\x0e-\x1f]")  # what JSON has no short escape for


def quote(text: str) -> str:
    r"""A JSON string. Control characters get upper-case digits (``\u001F``), everything else stays as it is."""
    quoted = encode_basestring(text)
    if _RARE.search(text):
        pieces = (f"\\u{ord(c):04X}" if _RARE.match(c) else encode_basestring(c)[1:-1] for c in text)
        return f'"{"".join(pieces)}"'
    return quoted


def escape(text: str) -> str:
    r"""Control characters as ``\xHH``, as osquery stores strings of differential results."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02X}", text)


def number(value: float) -> str:
    """A real number as RapidJSON prints it: shortest digits, an exponent only from 1e21 up and from 1e-7 down."""
    if not isfinite(value):
        return quote(values.text(value))
    mantissa, _, power = repr(value).partition("e")
    if not power:
        return mantissa
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(power or 0) - (len(whole + fraction) - len(digits))  # digits before the decimal point
    digits = digits.rstrip("0") or "0"
    if len(digits) <= point <= 21:
        return f"{sign}{digits}{'0' * (point - len(digits))}.0"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    dotted = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{dotted}e{point - 1}"


def text_cell(value: Value, null: str) -> str:
    """A cell as a JSON string."""
    return quote(values.text(value, null))


def typed_cell(value: Value, null: str) -> str:
    """A cell as JSON, numbers as numbers."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number(value)
    return quote(values.text(value, null))


class Layout:
    """How the rows of one statement become JSON objects; of two columns with one name the last wins."""

    __slots__ = ("fields",)

    def __init__(self, columns: Sequence[str], *, alphabetical: bool) -> None:
        positions = {name: index for index, name in enumerate(columns)}
        names = sorted(positions) if alphabetical else list(positions)
        self.fields = [(quote(name) + ":", positions[name]) for name in names]

    def text(self, row: Sequence[Value], null: str) -> str:
        """The row with every cell as a string."""
        return "{" + ",".join([key + text_cell(row[index], null) for key, index in self.fields]) + "}"

    def typed(self, row: Sequence[Value], null: str) -> str:
        """The row with numbers as numbers."""
        return "{" + ",".join([key + typed_cell(row[index], null) for key, index in self.fields]) + "}"


def mapping(items: Iterable[tuple[str, str]]) -> str:
    """A JSON object of strings, in the order given."""
    return "{" + ",".join([f"{quote(name)}:{quote(value)}" for name, value in items]) + "}"


def strings(table: Mapping[str, str]) -> str:
    """A JSON object of strings in alphabetical order."""
    return mapping(sorted(table.items()))
