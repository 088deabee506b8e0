"""Extensions of certificates as OpenSSL prints them: X509V3_EXT_print(3), RFC 5280, 4.2. Lines end in ``;``."""

from __future__ import annotations

from leadline.linux import der, distinguished, oids
from leadline.linux.text import decode
from leadline.linux.x509 import AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, KEY_USAGE, SUBJECT_KEY_IDENTIFIER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Printer = Callable[[bytes], list[str]]

SUBJECT_NAMES = b"\x55\x1d\x11"  # 2.5.29.17
ISSUER_NAMES = b"\x55\x1d\x12"
NAME_CONSTRAINTS = b"\x55\x1d\x1e"
POLICIES = b"\x55\x1d\x20"
POLICY_MAPPINGS = b"\x55\x1d\x21"
POLICY_CONSTRAINTS = b"\x55\x1d\x24"
EXTENDED_KEY_USAGE = b"\x55\x1d\x25"
INFO_ACCESS = b"\x2b\x06\x01\x05\x05\x07\x01\x01"  # 1.3.6.1.5.5.7.1.1
SUBJECT_INFO_ACCESS = b"\x2b\x06\x01\x05\x05\x07\x01\x0b"

_USAGES = (
    "Digital Signature", "Non Repudiation", "Key Encipherment", "Data Encipherment", "Key Agreement",
    "Certificate Sign", "CRL Sign", "Encipher Only", "Decipher Only",
)  # fmt: skip
# The choices of a GeneralName by their tag: those that are text, and those that OpenSSL does not print.
_TEXTS = {0x81: "email", 0x82: "DNS", 0x86: "URI"}
_UNPRINTED = {0xA0: "othername", 0xA3: "X400Name", 0xA5: "EdiPartyName"}
_DIRECTORY, _ADDRESS, _REGISTERED = 0xA4, 0x87, 0x88
_CPS = b"\x2b\x06\x01\x05\x05\x07\x02\x01"  # 1.3.6.1.5.5.7.2.1
_NOTICE = b"\x2b\x06\x01\x05\x05\x07\x02\x02"
_ONELINE = 255  # characters of a name that OpenSSL leaves room for


def extension(extensions: dict[bytes, bytes], kind: bytes) -> str | None:
    """The text of one extension; None when there is none, its bytes when it is not what it should be."""
    value = extensions.get(kind)
    if value is None:
        return None
    printer, between = _PRINTERS[kind]
    try:
        return between.join(printer(value)) or "<EMPTY>"
    except (ValueError, IndexError):
        return "".join(chr(byte) if 0x20 <= byte <= 0x7E else ";" if byte == 0x0A else "." for byte in value)


def _text(data: bytes) -> str:
    r"""Text in a certificate: a NUL, which would end it for others, and a line's end are shown as ``\xHH``."""
    return decode(data).replace("\0", "\\x00").replace("\n", ";")


def _octets(data: bytes) -> str:
    return data.hex(":").upper()


def _number(data: bytes) -> str:
    value = der.number(data)
    return str(value) if value.bit_length() < 128 else f"{'-' if value < 0 else ''}0x{abs(value):X}"


def _content(data: bytes, tag: int) -> bytes:
    found, start, stop = der.element(data, 0, len(data))
    if found != tag:
        raise ValueError("an extension of another kind")
    return data[start:stop]


def _subject_key(value: bytes) -> list[str]:
    return [_octets(_content(value, der.OCTET_STRING))]


def _key_usage(value: bytes) -> list[str]:
    bits = _content(value, der.BIT_STRING)[1:]
    return [name for place, name in enumerate(_USAGES) if _bit(bits, place)]


def _bit(bits: bytes, place: int) -> bool:
    return place // 8 < len(bits) and bool(bits[place // 8] & 0x80 >> place % 8)


def _purposes(value: bytes) -> list[str]:
    return [oids.long(value[start:stop]) for _, start, stop in der.inside(value, der.SEQUENCE)]


def _names(value: bytes) -> list[str]:
    return _general_names(value, der.inside(value, der.SEQUENCE))


def _general_names(data: bytes, found: list[der.Element]) -> list[str]:
    return [_general_name(tag, data[start:stop]) for tag, start, stop in found]


def _general_name(tag: int, data: bytes, name: Callable[[list[distinguished.Attribute]], str] | None = None) -> str:
    """One GeneralName; ``name`` prints a distinguished one."""
    if tag in _TEXTS:
        return f"{_TEXTS[tag]}:{_text(data)}"
    if tag == _ADDRESS:
        return f"IP Address:{_address(data)}"
    if tag == _DIRECTORY:
        parts = distinguished.attributes(_content(data, der.SEQUENCE))
        return f"DirName:{name(parts) if name else distinguished.slashed(parts)[:_ONELINE]}"
    if tag == _REGISTERED:
        return f"Registered ID:{oids.long(data)}"
    return f"{_UNPRINTED[tag]}:<unsupported>" if tag in _UNPRINTED else "<unsupported>"


def _address(data: bytes) -> str:
    if len(data) == 4:
        return ".".join(str(byte) for byte in data)
    if len(data) == 16:
        return ":".join(f"{int.from_bytes(data[at : at + 2], 'big'):X}" for at in range(0, 16, 2))
    return "<invalid>"


def _authority_key(value: bytes) -> list[str]:
    found = {tag: value[start:stop] for tag, start, stop in der.inside(value, der.SEQUENCE)}
    lines = []
    if 0x80 in found:
        lines.append(f"{'keyid:' if len(found) > 1 else ''}{_octets(found[0x80])}")
    if 0xA1 in found:
        names = found[0xA1]
        lines += _general_names(names, der.elements(names, 0, len(names)))
    if 0x82 in found:
        lines.append(f"serial:{_octets(found[0x82].lstrip(bytes(1)) or bytes(1))}")
    return lines


def _constraints(value: bytes) -> list[str]:
    found = der.inside(value, der.SEQUENCE)
    ca = bool(found) and found[0][0] == der.BOOLEAN and any(value[found[0][1] : found[0][2]])
    lengths = [value[start:stop] for tag, start, stop in found if tag == der.INTEGER]
    return [f"CA:{'TRUE' if ca else 'FALSE'}", *(f"pathlen:{_number(length)}" for length in lengths)]


def _accesses(value: bytes) -> list[str]:
    lines = []
    for _, start, stop in der.inside(value, der.SEQUENCE):
        method, (tag, first, last) = der.elements(value, start, stop)[:2]
        lines.append(f"{oids.long(value[method[1] : method[2]])} - {_general_name(tag, value[first:last])}")
    return lines


def _policies(value: bytes) -> list[str]:
    lines = []
    for _, start, stop in der.inside(value, der.SEQUENCE):
        policy, *qualifiers = der.elements(value, start, stop)
        lines.append(f"Policy: {oids.long(value[policy[1] : policy[2]])}")
        for _, at, end in qualifiers:
            for _, first, last in der.elements(value, at, end):
                kind, qualifier = der.elements(value, first, last)[:2]
                lines += _qualifier(value[kind[1] : kind[2]], value, qualifier)
    return lines


def _qualifier(kind: bytes, value: bytes, found: der.Element) -> list[str]:
    _, start, stop = found
    if kind == _CPS:
        return [f"  CPS: {_text(value[start:stop])}"]
    if kind != _NOTICE:
        return [f"  Unknown Qualifier: {oids.long(kind)}"]
    lines = ["  User Notice:"]
    for tag, first, last in der.elements(value, start, stop):
        if tag != der.SEQUENCE:
            lines.append(f"    Explicit Text: {_string(tag, value[first:last])}")
            continue
        (kind_of_text, at, end), (_, numbers_at, numbers_end) = der.elements(value, first, last)[:2]
        numbers = [_number(value[one:to]) for _, one, to in der.elements(value, numbers_at, numbers_end)]
        lines.append(f"    Organization: {_string(kind_of_text, value[at:end])}")
        lines.append(f"    Number{'s' if len(numbers) > 1 else ''}: {', '.join(numbers)}")
    return lines


def _string(tag: int, data: bytes) -> str:
    """A DisplayString: also one of two bytes a character, which OpenSSL prints as they are."""
    return distinguished.Attribute(0, b"", tag, data).text.replace("\n", ";")


def _mappings(value: bytes) -> list[str]:
    lines = []
    for _, start, stop in der.inside(value, der.SEQUENCE):
        issuer, subject = der.elements(value, start, stop)[:2]
        lines.append(f"{oids.long(value[issuer[1] : issuer[2]])}:{oids.long(value[subject[1] : subject[2]])}")
    return lines


def _policy_constraints(value: bytes) -> list[str]:
    names = {0x80: "Require Explicit Policy", 0x81: "Inhibit Policy Mapping"}
    found = {tag: value[start:stop] for tag, start, stop in der.inside(value, der.SEQUENCE)}
    return [f"{name}:{_number(found[tag])}" for tag, name in names.items() if tag in found]


def _subtrees(value: bytes) -> list[str]:
    lines = []
    for tag, start, stop in der.inside(value, der.SEQUENCE):
        found = der.elements(value, start, stop)
        if found:
            lines.append("Permitted:" if tag == 0xA0 else "Excluded:")
        for _, first, last in found:
            kind, at, end = der.element(value, first, last)
            base = value[at:end]
            lines.append(f"  {_network(base) if kind == _ADDRESS else _general_name(kind, base, distinguished.spaced)}")
    return lines


def _network(data: bytes) -> str:
    half = len(data) // 2
    return f"IP:{_address(data[:half])}/{_address(data[half:])}" if len(data) in (8, 32) else "IP Address:<invalid>"


_PRINTERS: dict[bytes, tuple[Printer, str]] = {
    SUBJECT_KEY_IDENTIFIER: (_subject_key, ""),
    KEY_USAGE: (_key_usage, ", "),
    SUBJECT_NAMES: (_names, ", "),
    ISSUER_NAMES: (_names, ", "),
    BASIC_CONSTRAINTS: (_constraints, ", "),
    NAME_CONSTRAINTS: (_subtrees, ";"),
    POLICIES: (_policies, ";"),
    POLICY_MAPPINGS: (_mappings, ", "),
    AUTHORITY_KEY_IDENTIFIER: (_authority_key, ";"),
    POLICY_CONSTRAINTS: (_policy_constraints, ", "),
    EXTENDED_KEY_USAGE: (_purposes, ", "),
    INFO_ACCESS: (_accesses, ";"),
    SUBJECT_INFO_ACCESS: (_accesses, ";"),
}

KINDS = tuple(_PRINTERS)
