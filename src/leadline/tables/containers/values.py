"""Column values out of decoded JSON whose shape is only hoped for.

Daemons leave keys out between their versions, and what listens on a socket need not be the daemon. So every step into
a document may fail: what is missing or has another type is None, or empty for what is a list or an object.
"""

from __future__ import annotations

from leadline.linux import text as texts_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SECOND = 1_000_000_000  # nanoseconds
_LONGEST = 20  # digits of a number of 64 bits with its sign


def at(document: object, *keys: str) -> object:
    """What lies below ``keys``, one object in the other; None when one of them is missing."""
    for key in keys:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document


def text(document: object, *keys: str) -> str | None:
    """A string; numbers and truth values as JSON writes them."""
    found = at(document, *keys)
    if isinstance(found, str):
        return texts_of.clean(found)
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(number(document, *keys)) if isinstance(found, int) else None


def number(document: object, *keys: str) -> int | None:
    """A whole number of 64 bits, with its sign as SQLite keeps it; also one that is written as a string."""
    found = at(document, *keys)
    if isinstance(found, str):
        digits = found.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(found) <= _LONGEST):
            return None
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool):
        return None
    if not -(1 << 63) <= found < 1 << 64:
        return None
    return found if found < 1 << 63 else found - (1 << 64)


def real(document: object, *keys: str) -> float | None:
    """A number with a fraction, which ps(1) writes into a string."""
    found = at(document, *keys)
    try:
        return float(found) if isinstance(found, (str, int, float)) else None
    except (ValueError, OverflowError):
        return None


def yes(document: object, *keys: str) -> int | None:
    """A truth value as 1 or 0."""
    found = at(document, *keys)
    return int(found) if isinstance(found, bool) else None


def entries(document: object, *keys: str) -> list[object]:
    """The members of a list."""
    found = at(document, *keys)
    return found if isinstance(found, list) else []


def texts(document: object, *keys: str) -> list[str]:
    """The strings of a list."""
    return [texts_of.clean(one) for one in entries(document, *keys) if isinstance(one, str)]


def pairs(document: object, *keys: str) -> Iterator[tuple[str, object]]:
    """The names and members of an object."""
    found = at(document, *keys)
    if isinstance(found, dict):
        for name, member in found.items():
            yield texts_of.clean(name), member


def digest(document: object, *keys: str) -> str | None:
    """A string that names something by its hash, without the name of the hash in front."""
    found = text(document, *keys)
    return found if found is None else found.removeprefix("sha256:")


def nanoseconds(document: object, *keys: str) -> int | None:
    """A moment of RFC 3339, in nanoseconds since the epoch; None also for Go's zero time, which means never."""
    from datetime import datetime

    found = text(document, *keys)
    try:
        read = datetime.fromisoformat(found or "")
    except ValueError:
        return None
    if found is None or read.tzinfo is None or read.year < 1970:
        return None
    fraction = found.partition(".")[2].rstrip("Zz").partition("+")[0].partition("-")[0]  # finer than datetime keeps
    nanos = int(fraction[:9].ljust(9, "0")) if fraction.isascii() and fraction.isdigit() else 0
    return int(read.replace(microsecond=0).timestamp()) * _SECOND + nanos


def moment(document: object, *keys: str) -> int | None:
    """A moment of RFC 3339, in seconds since the epoch."""
    found = nanoseconds(document, *keys)
    return found if found is None else found // _SECOND
