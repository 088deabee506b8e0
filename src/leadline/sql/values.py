"""SQLite values as the strings that osquery prints.

SQLite writes real numbers with up to 17 significant digits since 3.52 and with 15 before; osquery carries 3.42. The
engine's connection is told so by :func:`leadline.sql.functions.attach`; here the same is done without asking SQLite.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leadline.sql.schema import Value

DIGITS = 15  # significant digits of a real number in text


def text(value: Value, null: str = "") -> str:
    """The string for one cell: ``null`` for NULL, text and blobs up to their first NUL, numbers as SQLite casts them.

    Bytes of a blob that are not UTF-8 are written ``\\xHH``.
    """
    if isinstance(value, str):
        return value if "\0" not in value else value[: value.index("\0")]
    if isinstance(value, int):
        return str(value)
    if value is None:
        return null
    if isinstance(value, float):
        return real(value, null)
    if isinstance(value, bytes):
        return decode(value.partition(b"\0")[0])
    return str(value)


def row(columns: Sequence[str], values: Iterable[Value], null: str = "") -> dict[str, str]:
    """One result row as osquery's map of strings, in column order; of two columns with one name the last wins."""
    return {
        column: value if type(value) is str and "\0" not in value else text(value, null)
        for column, value in zip(columns, values, strict=False)
    }


def real(value: float, null: str = "") -> str:
    """A real number in 15 significant digits, always with a point: ``1.0``, ``0.1``, ``1.0e+300``, ``-Inf``.

    What ``CAST(value AS TEXT)`` gives. A number that lies exactly between two such texts goes away from zero, unlike
    in C. ``null`` stands for what is no number, which SQLite cannot store.
    """
    short = repr(value)
    if len(short) <= DIGITS + 1 and "e" not in short and "n" not in short and short != "-0.0":
        return short  # no more than 15 digits, and in the range where both write no exponent
    if value - value != 0.0:
        return null if value != value else "Inf" if value > 0.0 else "-Inf"
    if value == 0.0:
        return "0.0"
    digits = f"{value:.15g}"
    longer = f"{value:.16g}"
    if longer.partition("e")[0][-1] == "5" and longer == f"{value:.40g}":
        from math import copysign, inf, nextafter

        digits = f"{nextafter(value, copysign(inf, value)):.15g}"
    mantissa, mark, exponent = digits.partition("e")
    return digits if "." in mantissa else f"{mantissa}.0{mark}{exponent}"


def decode(data: bytes) -> str:
    """Bytes as text: valid UTF-8 is kept, each other byte becomes the four characters ``\\xHH``."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        characters = data.decode("utf-8", "surrogateescape")
        return "".join(f"\\x{ord(one) - 0xDC00:02X}" if "\udc80" <= one <= "\udcff" else one for one in characters)
