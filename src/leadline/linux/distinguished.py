r"""Distinguished names of certificates, in the two forms that OpenSSL prints. Format: RFC 5280, 4.1.2.4.

A name is handled as the content of its DER sequence.
"""

from __future__ import annotations

from leadline.linux import der, oids

COMMON_NAME = b"\x55\x04\x03"  # 2.5.4.3
ORGANIZATION = b"\x55\x04\x0a"
ORGANIZATIONAL_UNIT = b"\x55\x04\x0b"

_UTF8, _PRINTABLE, _T61, _GENERAL, _UNIVERSAL, _BMP = 12, 19, 20, 27, 28, 30
# One byte a character: numeric, printable, T61 (taken as Latin-1), IA5, the two times, visible.
_BYTES = frozenset({18, _PRINTABLE, _T61, 22, 23, 24, 26})
# What neither of the two forms escapes or quotes, but for blanks at an end.
_PLAIN = bytes(byte for byte in range(0x20, 0x7F) if byte not in b'"#+,/;<>\\')
_MOST = 4096  # attributes of one name


class Attribute:
    """One part of a name; ``group`` numbers the sets it is in, ``tag`` is the kind of string that ``value`` holds."""

    __slots__ = ("group", "kind", "tag", "value")

    def __init__(self, group: int, kind: bytes, tag: int, value: bytes) -> None:
        self.group = group
        self.kind = kind
        self.tag = tag
        self.value = value

    @property
    def text(self) -> str:
        r"""The value as text; a NUL, which would end the text for others, is shown as ``\x00``."""
        return _utf8(self.tag, self.value).decode("utf-8", "replace").replace("\0", "\\x00")


def attributes(name: bytes) -> list[Attribute]:
    """The parts of a name in their order; those before the place where it is broken."""
    found: list[Attribute] = []
    at = group = 0
    try:
        while at < len(name) and len(found) < _MOST:
            # Nearly always a short set of one sequence: taken without looking for more, in a third of the time.
            kind, end = at + 6, at + 2 + name[at + 1]
            value = kind + name[at + 5]
            if (
                name[at] == der.SET and name[at + 1] < 0x80 and end <= len(name)
                and name[at + 2] == der.SEQUENCE and name[at + 3] == name[at + 1] - 2
                and name[at + 4] == der.OBJECT_IDENTIFIER and value + 2 + name[value + 1] == end
            ):  # fmt: skip
                found.append(Attribute(group, name[kind:value], name[value], name[value + 2 : end]))
            else:
                end = _add_set(found, group, name, at)
            at = end
            group += 1
    except (ValueError, IndexError):
        pass
    return found


def _add_set(found: list[Attribute], group: int, name: bytes, at: int) -> int:
    """Add the parts in the set at a place; where it ends."""
    _, start, stop = der.element(name, at, len(name))
    for _, first, last in der.elements(name, start, stop):
        kind, value, *_ = der.elements(name, first, last)
        found.append(Attribute(group, name[kind[1] : kind[2]], value[0], name[value[1] : value[2]]))
    return stop


def first(parts: list[Attribute], kind: bytes) -> str | None:
    """The text of the first part of a kind; None when the name has none or it is empty."""
    return next((part.text or None for part in parts if part.kind == kind), None)


def slashed(parts: list[Attribute]) -> str:
    """``/C=../O=..``: X509_NAME_oneline(3). Bytes beyond ASCII are ``\\xHH``, whatever they mean."""
    text: list[str] = []
    group = -1
    for part in parts:
        value = _significant(part.value) if part.tag == _GENERAL else part.value
        printed = value.decode() if not value.translate(None, _PLAIN) else "".join(map(_escape, value))
        text.append(f"{'+' if part.group == group else '/'}{oids.short(part.kind)}={printed}")
        group = part.group
    return "".join(text)


def _significant(value: bytes) -> bytes:
    """Of characters of four bytes that all are ASCII, the one byte that counts."""
    wide = len(value) % 4 == 0 and not any(value[at] for at in range(len(value)) if at % 4 != 3)
    return value[3::4] if wide else value


def _escape(byte: int) -> str:
    if byte in b"/+":
        return f"\\{chr(byte)}"
    return chr(byte) if 0x20 <= byte <= 0x7E else f"\\x{byte:02X}"


def spaced(parts: list[Attribute]) -> str:
    """``C = .., O = ..``: X509_NAME_print_ex(3) with XN_FLAG_ONELINE, ``\\HH`` for bytes beyond ASCII."""
    text: list[str] = []
    group = -1
    for part in parts:
        if text:
            text.append(" + " if part.group == group else ", ")
        text.append(f"{oids.short(part.kind)} = {_quoted(part)}")
        group = part.group
    return "".join(text)


def _quoted(part: Attribute) -> str:
    value = _utf8(part.tag, part.value)
    if part.tag != _UTF8 and part.tag not in _BYTES and part.tag not in (_BMP, _UNIVERSAL):
        return f"#{_encoded(part).hex().upper()}"
    if not value.translate(None, _PLAIN) and value[:1] != b" " and value[-1:] != b" ":
        return value.decode()
    hashed = value[:1] == b"#" and len(value) > 1  # OpenSSL takes a single one for the last character, which may be it
    quoted = hashed or value[:1] == b" " or value[-1:] == b" " or any(byte in b",+;<>" for byte in value)
    printed = "".join(map(_backslashed, value))
    return f'"{printed}"' if quoted else printed


def _backslashed(byte: int) -> str:
    if byte in b'"\\':
        return f"\\{chr(byte)}"
    return chr(byte) if 0x20 <= byte <= 0x7E else f"\\{byte:02X}"


def _encoded(part: Attribute) -> bytes:
    size = len(part.value)
    if size < 0x80:
        return bytes((part.tag, size)) + part.value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((part.tag, 0x80 | len(length))) + length + part.value


def _utf8(tag: int, value: bytes) -> bytes:
    if tag == _BMP:
        return value.decode("utf-16-be", "replace").encode("utf-8", "replace")
    if tag == _UNIVERSAL:
        return value.decode("utf-32-be", "replace").encode("utf-8", "replace")
    return value.decode("latin-1").encode() if tag in _BYTES and not value.isascii() else value


def same(one: bytes, other: bytes) -> bool:
    """Whether two names are one: equal but for case and spaces, as RFC 5280, 7.1 compares them."""
    return one == other or _canonical(one) == _canonical(other)


def _canonical(name: bytes) -> list[tuple[int, bytes, bytes]]:
    return [
        (part.group, part.kind, b" ".join(_utf8(part.tag, part.value).lower().split())) for part in attributes(name)
    ]
