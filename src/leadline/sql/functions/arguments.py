"""Arguments of SQL functions, converted as ``sqlite3_value_int``, ``_double`` and ``_text`` do.

https://sqlite.org/c3ref/value_blob.html
"""

from __future__ import annotations

from leadline.sql.values import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Value

__all__ = ["data", "integer", "real", "text"]

LARGEST = (1 << 63) - 1
SMALLEST = -1 << 63


def real(value: Value) -> float:
    """The number that a text begins with, 0.0 when it begins with none."""
    if isinstance(value, float):
        return value
    if isinstance(value, int):
        return float(value)
    import re

    found = re.match(r"[ \t-\r]*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)", text(value), re.ASCII)
    return float(found[1]) if found else 0.0


def whole(value: float) -> int:
    """A real number cut to 64 bits, as ``CAST(value AS INTEGER)`` does it."""
    if value >= LARGEST:
        return LARGEST
    return SMALLEST if value <= SMALLEST else int(value)


def integer(value: Value) -> int:
    """The low 32 bits, signed, of the value as an integer; of a text what it begins with."""
    if isinstance(value, float):
        value = whole(value)
    elif not isinstance(value, int):
        import re

        found = re.match(r"[ \t-\r]*([+-]?\d+)", text(value), re.ASCII)
        value = min(max(int(found[1]), SMALLEST), LARGEST) if found else 0
    return (value + (1 << 31) & (1 << 32) - 1) - (1 << 31)


def data(value: Value) -> bytes:
    """The bytes of a value, all of them, not only those before the first NUL."""
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else text(value).encode()
