"""Certificates: what the columns about them show, in the words of OpenSSL. Format: RFC 5280.

A reader of its own: to import a library for it would cost more than to read all of a machine's certificates.
Nothing is verified. :func:`parse` takes only what has the shape of a certificate; what is broken within is None.
"""

from __future__ import annotations

from leadline.linux import der, distinguished, oids

TYPE_CHECKING = False

_VERSION, _EXTENSIONS = 0xA0, 0xA3
_KEY_IDENTIFIER, _ISSUER_NAMES, _ISSUER_SERIAL, _DIRECTORY_NAME = 0x80, 0xA1, 0x82, 0xA4

SUBJECT_KEY_IDENTIFIER = b"\x55\x1d\x0e"  # 2.5.29.14
KEY_USAGE = b"\x55\x1d\x0f"
BASIC_CONSTRAINTS = b"\x55\x1d\x13"
AUTHORITY_KEY_IDENTIFIER = b"\x55\x1d\x23"
_NETSCAPE_TYPE = b"\x60\x86\x48\x01\x86\xf8\x42\x01\x01"  # 2.16.840.1.113730.1.1

_RSA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"  # 1.2.840.113549.1.1.1
_RSA_FAMILY = _RSA[:-1]
_DSA = b"\x2a\x86\x48\xce\x38\x04\x01"  # 1.2.840.10040.4.1
_EC = b"\x2a\x86\x48\xce\x3d\x02\x01"  # 1.2.840.10045.2.1
# By which kind of key a signature is made, as the start of the algorithm's identifier.
_SIGNED_BY = (
    (_RSA_FAMILY, _RSA_FAMILY),
    (b"\x2a\x86\x48\xce\x3d\x04", _EC),
    (b"\x2a\x86\x48\xce\x38\x04", _DSA),
)

_FIELDS = (der.INTEGER, *[der.SEQUENCE] * 5)  # serial, algorithm, issuer, validity, subject, key
_NETSCAPE_CA = 0x07
_LARGEST = 1 << 20  # bytes of one certificate, and OpenSSL's limit for a name
_CERT_SIGN = 0x0004
_USAGES = (  # the bits as OpenSSL numbers them; RFC 5280, 4.2.1.3
    (0x0001, "Encipher Only"),
    (0x0002, "CRL Sign"),
    (_CERT_SIGN, "Key Cert Sign"),
    (0x0008, "Key Agreement"),
    (0x0010, "Data Encipherment"),
    (0x0020, "Key Encipherment"),
    (0x0040, "Non Repudiation"),
    (0x0080, "Digital Signature"),
    (0x8000, "Decipher Only"),
)


class Certificate:
    """One certificate. ``subject`` and ``issuer`` are the parts of those names, and the same list when they are equal.

    ``signature_algorithm`` and ``key_algorithm`` are object identifiers; see :mod:`leadline.linux.oids`. ``extensions``
    holds the value of each by the content of its identifier, ``usage`` the bits of the key usage as OpenSSL numbers
    them, None without that extension. The methods give None for what it does not say.
    """

    __slots__ = (
        "_authority", "_key", "_names", "_serial", "_validity", "der", "extensions", "issuer", "key_algorithm",
        "signature", "signature_algorithm", "subject", "usage", "version",
    )  # fmt: skip

    def __init__(self, data: bytes) -> None:
        """Raises ValueError for what has not the shape of a certificate."""
        _, at, end = der.element(data, 0, len(data))
        if end > _LARGEST:
            raise ValueError("no certificate is as large")
        body, algorithm, signature = _expect(der.elements(data, at, end), (der.SEQUENCE, der.SEQUENCE, der.BIT_STRING))
        fields = der.elements(data, body[1], body[2])
        self.version = 1
        if fields and fields[0][0] == _VERSION:
            self.version = 1 + int.from_bytes(data[fields[0][1] : fields[0][2]][2:6], "big")
            del fields[0]
        serial, _, issuer, validity, subject, key = _expect(fields, _FIELDS)
        self.der = data[:end]
        self.signature_algorithm = _identifier(data, algorithm)
        self.signature = data[signature[1] + 1 : signature[2]]
        self.key_algorithm = _identifier(data, der.element(data, key[1], key[2]))
        self._serial = data[serial[1] : serial[2]]
        self._validity = validity
        self._key = key
        self._names = data[subject[1] : subject[2]], data[issuer[1] : issuer[2]]
        self.subject = distinguished.attributes(self._names[0])
        same = self._names[0] == self._names[1]
        self.issuer = self.subject if same else distinguished.attributes(self._names[1])
        self.extensions = _extensions(data, fields[6:])
        self.usage = _usage(self.extensions.get(KEY_USAGE))
        self._authority = _authority(self.extensions.get(AUTHORITY_KEY_IDENTIFIER))

    @property
    def serial(self) -> str | None:
        """The serial number in hexadecimal, as BN_bn2hex(3) prints it: an even number of capital digits."""
        if not self._serial:
            return None
        value = der.number(self._serial)
        digits = f"{abs(value):X}"
        return f"{'-' if value < 0 else ''}{'0' if len(digits) % 2 and value else ''}{digits}"

    def validity(self) -> tuple[int | None, int | None]:
        """The first and the last second at which it is valid, since the epoch."""
        try:
            before, after = der.elements(self.der, self._validity[1], self._validity[2])[:2]
        except ValueError:
            return None, None
        data = self.der
        return der.seconds(before[0], data[before[1] : before[2]]), der.seconds(after[0], data[after[1] : after[2]])

    def key_strength(self) -> str | None:
        """Bits of an RSA or DSA key in whole bytes, the curve of an elliptic one; None for other keys."""
        data = self.der
        try:
            algorithm, key = der.elements(data, self._key[1], self._key[2])[:2]
            if self.key_algorithm == _RSA:
                modulus = der.inside(data, der.SEQUENCE, key[1] + 1, key[2])[0]
                return str((der.bits(data[modulus[1] : modulus[2]]) + 7) // 8 * 8)
            parameters = der.elements(data, algorithm[1], algorithm[2])[1]
            if self.key_algorithm == _DSA:
                prime = der.elements(data, parameters[1], parameters[2])[0]
                return str((der.bits(data[prime[1] : prime[2]]) + 7) // 8 * 8)
        except (ValueError, IndexError):
            return None
        if self.key_algorithm == _EC and parameters[0] == der.OBJECT_IDENTIFIER:
            return oids.long(data[parameters[1] : parameters[2]])
        return None

    def key_usage(self) -> str | None:
        """What the key may be used for, in words."""
        usage = self.usage
        return None if usage is None else ", ".join([name for bit, name in _USAGES if usage & bit])

    def subject_key_id(self) -> str | None:
        """The identifier of its key in hexadecimal."""
        value = self.extensions.get(SUBJECT_KEY_IDENTIFIER)
        return _content(value, der.OCTET_STRING).hex() if value else None

    def authority_key_id(self) -> str | None:
        """The identifier of the key that signed it in hexadecimal."""
        found = self._authority.get(_KEY_IDENTIFIER)
        return None if found is None else found.hex()

    def is_ca(self) -> bool:
        """Whether it may sign others, by X509_check_ca(3): also old ones that only look as if they were to."""
        usage = self.usage
        if usage is not None and not usage & _CERT_SIGN:
            return False
        constraints = self.extensions.get(BASIC_CONSTRAINTS)
        if constraints is not None:
            return _says_ca(constraints)
        if self.version == 1 and distinguished.same(*self._names):
            return True
        netscape = _content(self.extensions.get(_NETSCAPE_TYPE, b""), der.BIT_STRING)
        return usage is not None or (len(netscape) > 1 and bool(netscape[1] & _NETSCAPE_CA))

    def is_self_signed(self) -> bool:
        """Whether it names itself as its issuer, by X509_check_issued(3): the signature is not looked at."""
        usage = self.usage
        if not distinguished.same(*self._names) or (usage is not None and not usage & _CERT_SIGN):
            return False
        authority = self._authority
        identifier, own = authority.get(_KEY_IDENTIFIER), self.extensions.get(SUBJECT_KEY_IDENTIFIER)
        if identifier is not None and own is not None and identifier != _content(own, der.OCTET_STRING):
            return False
        if authority.get(_ISSUER_SERIAL, self._serial) != self._serial:
            return False
        names = authority.get(_ISSUER_NAMES)
        return (names is None or self._names_itself(names)) and self._signed_by_its_kind_of_key()

    def _names_itself(self, names: bytes) -> bool:
        """Whether the first directory name among the issuer's names is its own issuer."""
        try:
            for tag, start, stop in der.elements(names, 0, len(names)):
                if tag == _DIRECTORY_NAME:
                    _, first, last = der.element(names, start, stop)
                    return distinguished.same(names[first:last], self._names[1])
        except ValueError:
            return False
        return True

    def _signed_by_its_kind_of_key(self) -> bool:
        for signature, key in _SIGNED_BY:
            if self.signature_algorithm.startswith(signature):
                return self.key_algorithm.startswith(key)
        return self.signature_algorithm == self.key_algorithm  # ED25519 and its like have one identifier for both


def parse(data: bytes) -> Certificate | None:
    """The certificate that the bytes start with; None when it has not the shape of one."""
    try:
        return Certificate(data)
    except ValueError:
        return None


def sha1(certificate: Certificate) -> str:
    """The SHA-1 fingerprint in hexadecimal."""
    if TYPE_CHECKING:
        from hashlib import sha1 as digest
    else:
        try:
            from _sha1 import sha1 as digest  # all of hashlib takes 3 ms to import
        except ImportError:
            from hashlib import sha1 as digest
    return digest(certificate.der, usedforsecurity=False).hexdigest()


def _expect(found: list[der.Element], tags: tuple[int, ...]) -> list[der.Element]:
    """The elements of these tags at the start of a list."""
    if tuple(tag for tag, _, _ in found[: len(tags)]) != tags:
        raise ValueError("no certificate")
    return found[: len(tags)]


def _identifier(data: bytes, algorithm: der.Element) -> bytes:
    _, start, stop = der.element(data, algorithm[1], algorithm[2])
    return data[start:stop]


def _content(value: bytes, tag: int) -> bytes:
    """The content of the one element that an extension's value is; empty when it is another one."""
    try:
        found, start, stop = der.element(value, 0, len(value))
    except ValueError:
        return b""
    return value[start:stop] if found == tag else b""


def _usage(value: bytes | None) -> int | None:
    return None if value is None else int.from_bytes(_content(value, der.BIT_STRING)[1:3], "little")


def _authority(value: bytes | None) -> dict[int, bytes]:
    """The parts of an authority key identifier by their tag."""
    if value is None:
        return {}
    try:
        return {tag: value[start:stop] for tag, start, stop in der.inside(value, der.SEQUENCE)}
    except ValueError:
        return {}


def _extensions(data: bytes, fields: list[der.Element]) -> dict[bytes, bytes]:
    """The extensions' values by identifier, the first of each; those before the place where they are broken."""
    found: dict[bytes, bytes] = {}
    try:
        for tag, start, stop in fields:
            if tag != _EXTENSIONS:
                continue
            for _, first, last in der.inside(data, der.SEQUENCE, start, stop):
                parts = der.elements(data, first, last)  # identifier, whether it is critical, value
                (_, at, end), (_, begin, close) = parts[0], parts[-1]
                found.setdefault(data[at:end], data[begin:close])
    except (ValueError, IndexError):
        pass
    return found


def _says_ca(constraints: bytes) -> bool:
    """Whether basic constraints start with a boolean that is true."""
    try:
        tag, start, stop = der.inside(constraints, der.SEQUENCE)[0]
    except (ValueError, IndexError):
        return False
    return tag == der.BOOLEAN and constraints[start:stop] not in (b"", b"\0")
