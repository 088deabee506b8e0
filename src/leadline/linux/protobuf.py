"""Protocol buffers on the wire, as far as the answers of daemons need them.

Source: protobuf.dev, "Encoding". There are no descriptors here: whoever reads a message knows the numbers of its fields
from its .proto file.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_VARINT = 0
_FIXED64 = 1
_BYTES = 2
_FIXED32 = 5
_WIDTHS = {_FIXED64: 8, _FIXED32: 4}
_64_BITS = (1 << 64) - 1


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message in order: number and value.

    The value is an unsigned integer of up to 64 bits, or bytes for what is written with its length (texts, bytes and
    messages; packed numbers too). Raises ValueError when the message is none, and for groups, which are long gone.
    """
    position = 0
    end = len(message)
    while position < end:
        key, position = _varint(message, position)
        number, kind = key >> 3, key & 7
        if not 0 < number < 1 << 29:
            raise ValueError(f"no field has the number {number}")
        if kind == _VARINT:
            value, position = _varint(message, position)
            yield number, value
            continue
        if kind == _BYTES:
            width, position = _varint(message, position)
        elif kind in _WIDTHS:
            width = _WIDTHS[kind]
        else:
            raise ValueError(f"field {number} has the unknown wire type {kind}")
        start, position = position, position + width
        if position > end:
            raise ValueError(f"field {number} ends behind its message")
        part = message[start:position]
        yield number, part if kind == _BYTES else int.from_bytes(part, "little")


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """An integer in groups of seven bits, the lowest first, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise ValueError("a number ends behind its message")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _64_BITS, position
    raise ValueError("a number is longer than ten bytes")


def scalars(message: bytes) -> dict[int, int | bytes]:
    """The fields of a message by number: of those that come several times the last, as for fields that may not."""
    return dict(fields(message))


def text(value: int | bytes | None) -> str:
    """A field's text; empty for a field that is missing or holds none."""
    from leadline.linux.text import decode

    return decode(value) if isinstance(value, bytes) else ""


def inner(value: int | bytes | None) -> bytes:
    """A field's message, empty for a field that is missing or holds none."""
    return value if isinstance(value, bytes) else b""


def number(value: int | bytes | None) -> int:
    """A field's integer of the types int32, int64, uint32, bool and enum; 0 for one that is missing or holds none."""
    if not isinstance(value, int):
        return 0
    return value - (1 << 64) if value >> 63 else value


def entry(message: bytes) -> tuple[str, bytes]:
    """One entry of a map with texts for keys."""
    both = scalars(message)
    return text(both.get(1)), inner(both.get(2))


def field(number: int, value: int | bytes | str) -> bytes:
    """A field as it is written: an integer (negative ones as int64), bytes, a text or an encoded message."""
    if isinstance(value, int):
        return _encoded(number << 3 | _VARINT) + _encoded(value & _64_BITS)
    data = value.encode() if isinstance(value, str) else value
    return _encoded(number << 3 | _BYTES) + _encoded(len(data)) + data


def _encoded(value: int) -> bytes:
    done = bytearray()
    while value > 0x7F:
        done.append(value & 0x7F | 0x80)
        value >>= 7
    done.append(value)
    return bytes(done)
