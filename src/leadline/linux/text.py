"""Bytes of the operating system as text, the way osquery prints them."""

from __future__ import annotations

_HIGHEST = (1 << 63) - 1


def decode(data: bytes) -> str:
    r"""The text of ``data``: valid UTF-8 is kept, each byte that is none becomes the four characters ``\xHH``."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return clean(data.decode("utf-8", "surrogateescape"))


def clean(name: str) -> str:
    r"""The same for a name that Python took from the system with ``surrogateescape``.

    Other half surrogates, which JSON may hold, become the six characters ``\uHHHH``.
    """
    if name.isascii():
        return name
    try:
        name.encode()
    except UnicodeEncodeError:
        return "".join(_escape(character) for character in name)
    return name


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02X}"
    return f"\\u{code:04X}" if 0xD800 <= code <= 0xDFFF else character


def integer(field: bytes | str) -> int | None:
    """The number that decimal digits give, when it fits a signed 64-bit column; None for anything else."""
    if not field.isdigit() or not field.isascii() or len(field) > 19:
        return None
    number = int(field)
    return number if number <= _HIGHEST else None
