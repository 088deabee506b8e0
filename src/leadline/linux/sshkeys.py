"""Private keys in files: of which kind and length they are, and whether a passphrase protects them.

Nothing is decrypted. Formats: PKCS #1 (RFC 8017), SEC 1 (RFC 5915) and OpenSSL's traditional DSA and DH in PEM,
PKCS #8 (RFC 5958), and OpenSSH's own (PROTOCOL.key in its sources), whose public part is always readable. Names and
numbers are those of OpenSSL's EVP_PKEY_get_group_name(3), EVP_PKEY_get_bits(3) and EVP_PKEY_get_security_bits(3).
"""

from __future__ import annotations

from leadline.linux import der, oids, pem

LARGEST = 1 << 20  # bytes of a file that may hold a key
UNKNOWN = -1

_ENCRYPTED = "ENCRYPTED PRIVATE KEY"
_OPENSSH = "OPENSSH PRIVATE KEY"
_LABELS = frozenset(
    {"PRIVATE KEY", _ENCRYPTED, "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "DH PRIVATE KEY", _OPENSSH}
)
_MAGIC = b"openssh-key-v1\0"

# Keys without parameters by object identifier: type, bits, bits of security.
_EDWARDS = {
    "1.3.101.110": ("x25519", 253, 128),
    "1.3.101.111": ("x448", 448, 224),
    "1.3.101.112": ("ed25519", 256, 128),
    "1.3.101.113": ("ed448", 456, 224),
}
_RSA = ("1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10")
_DSA = "1.2.840.10040.4.1"
_EC = "1.2.840.10045.2.1"
_DH = ("1.2.840.113549.1.3.1", "1.2.840.10046.2.1")

# The orders of the curves' groups in bits: what their names say, but for these (SEC 2, ANSI X9.62).
_ORDERS = {
    "secp112r2": 110, "secp128r2": 126, "secp160k1": 161, "secp160r1": 161, "secp160r2": 161, "secp224k1": 225,
    "sect163r1": 162, "sect233k1": 232, "sect239k1": 238, "sect283k1": 281, "sect283r1": 282, "sect409k1": 407,
    "sect571k1": 570, "sect571r1": 570, "c2pnb163v2": 162, "c2pnb163v3": 162, "c2pnb176v1": 161, "c2tnb191v2": 190,
    "c2tnb191v3": 189, "c2pnb208w1": 193, "c2tnb239v1": 238, "c2tnb239v2": 237, "c2tnb239v3": 236, "c2pnb272w1": 257,
    "c2pnb304w1": 289, "c2tnb359v1": 353, "c2pnb368w1": 353, "c2tnb431r1": 418,
}  # fmt: skip

_SSH_CURVES = {
    b"ecdsa-sha2-nistp256": ("prime256v1", 256),
    b"sk-ecdsa-sha2-nistp256@openssh.com": ("prime256v1", 256),
    b"ecdsa-sha2-nistp384": ("secp384r1", 384),
    b"ecdsa-sha2-nistp521": ("secp521r1", 521),
}


class Key:
    """A private key. ``type`` and ``group`` are empty and the numbers -1 where they are not known."""

    __slots__ = ("encrypted", "group", "length", "security", "type")

    def __init__(
        self, encrypted: bool, type: str = "", group: str = "", length: int = UNKNOWN, security: int = UNKNOWN
    ) -> None:
        self.encrypted = encrypted
        self.type = type
        self.group = group
        self.length = length
        self.security = security


def parse(text: bytes) -> Key | None:
    """The first private key in a file; None when there is none."""
    for block in pem.blocks(text, _LABELS):
        key = _openssh(block.data) if block.label == _OPENSSH else _key(block)
        if key is not None:
            return key
    return None


def _key(block: pem.Block) -> Key | None:
    if block.label == _ENCRYPTED or "ENCRYPTED" in block.headers.get("proc-type", ""):
        return Key(True)
    data = block.data
    try:
        parts = der.inside(data, der.SEQUENCE)
        values = [data[start:stop] for _, start, stop in parts]
        if block.label == "PRIVATE KEY":
            return _pkcs8(data, parts)
        if block.label == "RSA PRIVATE KEY":
            return _rsa(der.bits(values[1])) if len(values) >= 9 else None
        if block.label == "DSA PRIVATE KEY":
            return _dsa(der.bits(values[1]), der.bits(values[2])) if len(values) >= 6 else None
        if block.label == "EC PRIVATE KEY":
            return _ec(next(_object(data, start, stop) for tag, start, stop in parts if tag == 0xA0))
        return None
    except (ValueError, IndexError, StopIteration):
        return None


def _pkcs8(data: bytes, parts: list[der.Element]) -> Key | None:
    """Version, algorithm and its parameters, and the key as an octet string."""
    (_, start, stop), (_, inner, end) = parts[1:3]
    algorithm, *parameters = der.elements(data, start, stop)
    kind = der.dotted(data[algorithm[1] : algorithm[2]])
    if kind in _RSA:
        modulus = der.inside(data, der.SEQUENCE, inner, end)[1]
        return _rsa(der.bits(data[modulus[1] : modulus[2]]))
    if kind in _EDWARDS:
        name, length, security = _EDWARDS[kind]
        return Key(False, name, "", length, security)
    tag, first, last = parameters[0]
    if kind == _EC and tag == der.OBJECT_IDENTIFIER:
        return _ec(data[first:last])
    numbers = [der.bits(data[at:to]) for _, at, to in der.elements(data, first, last)]
    if kind == _DSA:
        return _dsa(numbers[0], numbers[1])
    if kind in _DH:
        order = numbers[2] if kind == _DH[1] and len(numbers) > 2 else None
        return Key(False, "dh", "", numbers[0], _table(numbers[0], order))
    return None


def _object(data: bytes, at: int, end: int) -> bytes:
    tag, start, stop = der.element(data, at, end)
    if tag != der.OBJECT_IDENTIFIER:
        raise ValueError("a curve without a name")
    return data[start:stop]


def _rsa(length: int) -> Key:
    return Key(False, "rsa", "", length, factoring(length))


def _dsa(prime: int, order: int) -> Key:
    return Key(False, "dsa", "", prime, _table(prime, order))


def _ec(curve: bytes) -> Key:
    """A key on a curve that is named; its length is that of the group's order."""
    group = oids.short(curve)
    words = "".join(one if one.isdigit() else " " for one in group.removeprefix("c2")).split()
    length = _ORDERS.get(group) or (int(words[0]) if words and "." not in group else UNKNOWN)
    return Key(False, "ec", group, length, _discrete(length))


def _discrete(length: int) -> int:
    """Bits of security of an elliptic curve: half its length, stepwise as SP 800-57 has it."""
    if length < 0:
        return UNKNOWN
    return next((security for least, security in _CURVE_STEPS if length >= least), length // 2)


_CURVE_STEPS = ((512, 256), (384, 192), (256, 128), (224, 112), (160, 80))
_TABLE = ((15360, 256), (7680, 192), (3072, 128), (2048, 112), (1024, 80))
_EXACT = {2048: 112, 3072: 128, 4096: 152, 6144: 176, 7680: 192, 8192: 200, 15360: 256}


def _table(length: int, order: int | None) -> int:
    """Bits of security of DSA and DH by SP 800-57, Table 2, and no more than half the order of the group."""
    security = next((security for least, security in _TABLE if length >= least), 0)
    if order is None or not security:
        return security
    half = order // 2
    return min(half, security) if half >= 80 else 0


def factoring(length: int) -> int:
    """Bits of security of RSA: the effort of the number field sieve, FIPS 140-2 Implementation Guidance 7.5."""
    if length in _EXACT:
        return _EXACT[length]
    if length >= 687737:
        return 1200
    if length < 8:
        return 0
    from math import log

    natural = length * log(2)
    effort = (1.923 * (natural * log(natural) ** 2) ** (1 / 3) - 4.69) / log(2)
    return min((int(effort) + 4) & ~7, 192 if length <= 7680 else 256 if length <= 15360 else 1200)


def _openssh(data: bytes) -> Key | None:
    """Magic, names of the cipher and of the key derivation, its options, number of keys, and the first public key."""
    if not data.startswith(_MAGIC):
        return None
    try:
        cipher, at = _string(data, len(_MAGIC))
        _, at = _string(data, at)
        _, at = _string(data, at)
        public, _ = _string(data, at + 4)
        return _described(cipher != b"none", public)
    except ValueError:
        return None


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    """The string whose length stands in the four bytes at a place, and the place behind it (RFC 4251, 5)."""
    end = at + 4 + int.from_bytes(data[at : at + 4], "big")
    if at + 4 > len(data) or end > len(data):
        raise ValueError("a string ends early")
    return data[at + 4 : end], end


def _described(encrypted: bool, public: bytes) -> Key:
    """What a public key of SSH says (RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709, 4)."""
    kind, at = _string(public, 0)
    key = Key(encrypted)
    if kind == b"ssh-rsa":
        _, at = _string(public, at)
        modulus, _ = _string(public, at)
        key = _rsa(der.bits(modulus))
    elif kind == b"ssh-dss":
        prime, at = _string(public, at)
        order, _ = _string(public, at)
        key = _dsa(der.bits(prime), der.bits(order))
    elif kind in _SSH_CURVES:
        group, length = _SSH_CURVES[kind]
        key = Key(encrypted, "ec", group, length, _discrete(length))
    elif kind in (b"ssh-ed25519", b"sk-ssh-ed25519@openssh.com"):
        key = Key(encrypted, "ed25519", "", 256, 128)
    key.encrypted = encrypted
    return key
