"""Base64."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64

from leadline.sql.functions.arguments import data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Value

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
PRINTABLE = bytes(range(0x20, 0x7F))


def to_base64(value: Value) -> str | None:
    """The value's bytes in base64."""
    return None if value is None else b2a_base64(data(value), newline=False).decode()


def conditional_to_base64(value: Value) -> str | None:
    """Text of printable ASCII as it is, anything else in base64."""
    if value is None:
        return None
    raw = data(value)
    return to_base64(raw) if raw.translate(None, PRINTABLE) else raw.decode()


def from_base64(value: Value) -> str | bytes | None:
    """What the text encodes; the empty string when it is no base64.

    Line ends and padding may be there or not. Bytes that are no UTF-8 come as a blob: they cannot be text.
    """
    if value is None:
        return None
    encoded = data(value).replace(b"\r\n", b"").replace(b"\n", b"").rstrip(b"=")
    encoded = encoded.replace(b"=", b"A")  # inside, osquery's decoder reads the padding sign as zero bits
    if encoded.translate(None, ALPHABET) or len(encoded) % 4 == 1:
        return ""
    raw = a2b_base64(encoded + b"=" * (-len(encoded) % 4))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
