r"""Result rows as the differential engine compares and keeps them.

A row becomes a JSON array of its cells in the alphabetical order of its columns: numbers as numbers, NULL as the text
that stands for it, control characters as ``\xHH``. Two rows are equal exactly when their columns and their texts are.
The names are left out: they are the same for every row of a result.
"""

from __future__ import annotations

import json.encoder
from collections.abc import Callable, Sequence
from math import isfinite
from operator import itemgetter

from leadline.agent.rendering import escape, number, quote
from leadline.sql import values
from leadline.sql.schema import Value

Cell = str | int | float
Cells = Sequence[Cell]

_quote = json.encoder.encode_basestring


def _blob(value: object) -> str:
    """What the encoder takes for a blob."""
    assert isinstance(value, bytes)
    return escape(values.text(value))


# json.dumps makes such an encoder for every call, which costs more than what it then does
_encode: Callable[[Sequence[object], int], Sequence[str]] = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
    None, _blob, _quote, None, ":", ",", False, False, True
)
_decode: Callable[[str, int], tuple[list[Cell], int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def columns(names: Sequence[str]) -> tuple[str, ...]:
    """The columns of a result in the order of the cells; of two with one name the last one counts."""
    return tuple(sorted(set(names)))


def encoder(names: Sequence[str], null: str) -> Callable[[Sequence[Value]], str]:
    """What turns the rows of a statement with these columns into texts; ``null`` stands for NULL."""
    positions = {name: index for index, name in enumerate(names)}
    order = [positions[name] for name in columns(names)]
    pick: Callable[[Sequence[Value]], Sequence[Value]] | None = None
    if order != list(range(len(names))):
        pick = itemgetter(*order) if len(order) > 1 else lambda row: (row[order[0]],)

    def encode(row: Sequence[Value]) -> str:
        if pick is not None:
            row = pick(row)
        text = "".join(_encode(row, 0))
        # most rows are done here; a backslash may be the escape of a control character
        if "\\" in text or "null" in text or "Infinity" in text:
            text = "".join(_encode([cell(value, null) for value in row], 0))
        return text

    return encode


def cell(value: Value, null: str) -> Cell:
    """One cell as it is compared."""
    if isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return value
    return escape(values.text(value, null))


def decode(text: str) -> Cells:
    """The cells of a row."""
    return _decode(text, 0)[0]


def renderer(names: Sequence[str], *, numerics: bool) -> Callable[[str], str]:
    """What turns the texts of rows with these columns, as :func:`columns` orders them, into the objects of log lines.

    Cells become strings unless ``numerics``.
    """
    template = "{" + ",".join(quote(name).replace("%", "%%") + ":%s" for name in names) + "}"
    show = typed if numerics else stringed
    return lambda text: template % tuple([show(value) for value in _decode(text, 0)[0]])


def stringed(value: Cell) -> str:
    """A cell as a JSON string. No control characters are left in it, so that JSON's own quoting is RapidJSON's."""
    return _quote(value) if isinstance(value, str) else f'"{values.text(value)}"'


def typed(value: Cell) -> str:
    """A cell as JSON, numbers as numbers."""
    if isinstance(value, str):
        return _quote(value)
    return number(value) if isinstance(value, float) else str(value)


_TYPES = {int: 0, float: 1, str: 2}


def order(text: str) -> list[tuple[int, Cell]]:
    """The sort key of removed rows: osquery keeps stored rows in a sorted multiset of maps of typed cells."""
    return [(_TYPES[type(value)], value) for value in decode(text)]
