"""Elements of DER, the encoding of certificates and keys. Format: ITU-T X.690.

Nothing here recurses: callers walk as deep as their structure goes. Every element lies inside its parent, so that the
work is bounded by the size of what is read.
"""

from __future__ import annotations

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31

_ZONES = (b"Z", b"+", b"-", b".", b"")  # what may follow the digits of a time

Element = tuple[int, int, int]  # tag, and where the content starts and ends


def element(data: bytes, at: int, end: int) -> Element:
    """The element at ``at``, whose parent ends at ``end``: its tag, and start and end of its content.

    Raises ValueError for what is no element of a definite length: nothing a certificate contains lacks one.
    """
    start = at + 2
    if start > end:
        raise ValueError("a DER element ends early")
    tag = data[at]
    size = data[at + 1]
    if size >= 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or start + count > end:
            raise ValueError("a DER element has no usable length")
        size = int.from_bytes(data[start : start + count], "big")
        start += count
    stop = start + size
    if stop > end or tag & 0x1F == 0x1F:
        raise ValueError("a DER element is larger than its parent, or its tag has several bytes")
    return tag, start, stop


def elements(data: bytes, at: int, end: int) -> list[Element]:
    """All elements between two places; raises ValueError when one of them is none."""
    found = []
    while at < end:
        # Nearly all are short: they are taken without a call of their own, at half the cost.
        start = at + 2
        size = data[at + 1] if start <= end else 0x80
        tag = data[at]
        if size < 0x80 and start + size <= end and tag & 0x1F != 0x1F:
            at = start + size
            found.append((tag, start, at))
        else:
            one = element(data, at, end)
            at = one[2]
            found.append(one)
    return found


def inside(data: bytes, tag: int, at: int = 0, end: int | None = None) -> list[Element]:
    """The elements within the element at ``at``; raises ValueError when its tag is another one."""
    found, start, stop = element(data, at, len(data) if end is None else end)
    if found != tag:
        raise ValueError("a DER element is of another kind")
    return elements(data, start, stop)


def number(data: bytes) -> int:
    """The value of an INTEGER's content."""
    return int.from_bytes(data, "big", signed=True)


def bits(data: bytes) -> int:
    """The number of significant bits of an INTEGER's content, as long as it is not negative."""
    return int.from_bytes(data, "big").bit_length()


def seconds(tag: int, data: bytes) -> int | None:
    """Seconds since the epoch of a UTCTime or GeneralizedTime; None when it is none.

    RFC 5280 wants seconds and ``Z``; both may be missing or be an offset in what is older.
    """
    digits = 12 if tag == UTC_TIME else 14
    if tag not in (UTC_TIME, GENERALIZED_TIME):
        return None
    head, zone = data[:digits], data[digits:]
    if not head.isdigit() or len(head) < digits:
        head, zone = data[: digits - 2] + b"00", data[digits - 2 :]
        if not head.isdigit() or len(head) < digits:
            return None
    if zone[:1] not in _ZONES:
        return None
    left, second = divmod(int(head), 100)
    left, minute = divmod(left, 100)
    left, hour = divmod(left, 100)
    left, day = divmod(left, 100)
    year, month = divmod(left, 100)
    if tag == UTC_TIME:
        year += 1900 if year >= 50 else 2000
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 61):
        return None
    return _days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - (0 if zone == b"Z" else _offset(zone))


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the Gregorian calendar, counted from March so that a leap day is a year's last."""
    year -= month < 3
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return 365 * year + year // 4 - year // 100 + year // 400 + day_of_year - 719468


def _offset(zone: bytes) -> int:
    """Seconds to the east of Greenwich of what follows the digits: ``Z``, ``+0100``, or with a fraction before it."""
    if zone[:1] == b".":
        zone = zone[1:].lstrip(b"0123456789")
    if len(zone) == 5 and zone[:1] in (b"+", b"-") and zone[1:].isdigit():
        away = int(zone[1:3]) * 3600 + int(zone[3:]) * 60
        return -away if zone[:1] == b"-" else away
    return 0


_DOTTED: dict[bytes, str] = {}
_MOST_DOTTED = 2048


def dotted(oid: bytes) -> str:
    """An object identifier's content as numbers with dots; an empty or broken one is ``""``."""
    known = _DOTTED.get(oid)
    if known is None:
        if len(_DOTTED) >= _MOST_DOTTED:  # they come from files that anybody may have written
            _DOTTED.clear()
        known = _DOTTED[oid] = _arcs(oid[:128])
    return known


def _arcs(oid: bytes) -> str:
    arcs = []
    value = 0
    for byte in oid:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            arcs.append(value)
            value = 0
    if not arcs or oid[-1] >= 0x80:
        return ""
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))
