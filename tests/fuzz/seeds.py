"""What the fuzz targets start from: small valid files of binary formats, made here, and texts."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
import struct
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from leadline.linux.journal.hashes import jenkins

TESTS = Path(__file__).parents[1]


def captured(path: str) -> bytes:
    """A file of the captured roots."""
    return (TESTS / "roots" / path).read_bytes()


def smbios() -> bytes:
    """A table with the structures that tables ask for, with numbers and strings in all fields."""
    kinds = (0, 26), (1, 27), (2, 15), (4, 48), (11, 5), (16, 23), (17, 92), (18, 23), (19, 31), (20, 35), (127, 4)
    return b"".join(
        bytes([kind, length]) + struct.pack("<H", kind) + bytes(1 + place % 3 for place in range(length - 4))
        + b"Acme\0 two \0\xff\0\0" for kind, length in kinds
    )  # fmt: skip


def smbios_entry() -> bytes:
    """An entry point of version 3."""
    entry = bytearray(struct.pack("<5sBBBBBBBIQ", b"_SM3_", 0, 24, 3, 7, 0, 1, 0, 64, 4096))
    entry[5] = -sum(entry) & 255
    return bytes(entry)


def signatures(kind: bytes, content: bytes) -> bytes:
    """An EFI list of one signature."""
    return kind + struct.pack("<3I", 44 + len(content), 0, 16 + len(content)) + bytes(16) + content


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"), x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate() -> bytes:
    """The DER of a certificate with many extensions."""
    key = ec.derive_private_key(7, ec.SECP256R1())
    names = [
        x509.DNSName("example.org"), x509.UniformResourceIdentifier("ldap://x"), x509.DirectoryName(_name("x")),
        x509.RFC822Name("a@example.org"), x509.RegisteredID(x509.ObjectIdentifier("1.2.3")),
    ]  # fmt: skip
    point = x509.DistributionPoint(names[1:3], None, frozenset({x509.ReasonFlags.key_compromise}), None)
    notice = x509.UserNotice(x509.NoticeReference("Acme", [1, 2]), "text")
    policy = x509.PolicyInformation(x509.ObjectIdentifier("1.2.3.4"), ["http://cps", notice])
    access = x509.AccessDescription(x509.ObjectIdentifier("1.3.6.1.5.5.7.48.1"), names[1])
    built = (
        x509.CertificateBuilder()
        .subject_name(_name("Süd"))
        .issuer_name(_name("Authority"))
        .public_key(key.public_key())
        .serial_number(0x1234)
        .not_valid_before(datetime(2024, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2060, 1, 1, tzinfo=UTC))
    )
    for extension in (
        x509.BasicConstraints(True, 3), x509.SubjectAlternativeName(names), x509.CRLDistributionPoints([point]),
        x509.CertificatePolicies([policy]), x509.AuthorityInformationAccess([access]),
        x509.KeyUsage(True, False, True, False, True, True, True, False, False),
        x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.1")]),
        x509.SubjectKeyIdentifier(b"12345"), x509.AuthorityKeyIdentifier(b"67890", names[2:3], 5),
        x509.NameConstraints(names[:1], None), x509.PolicyConstraints(1, 2), x509.InhibitAnyPolicy(1),
    ):  # fmt: skip
        built = built.add_extension(extension, critical=False)
    signer = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))  # which always signs the same
    return built.sign(signer, None).public_bytes(serialization.Encoding.DER)


def pem(label: str, data: bytes) -> bytes:
    """A PEM block."""
    return f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(data) + f"-----END {label}-----\n".encode()


def _der(tag: int, content: bytes) -> bytes:
    length = bytes([len(content)]) if len(content) < 128 else b"\x82" + len(content).to_bytes(2, "big")
    return bytes([tag]) + length + content


def _ssh(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def private_keys() -> tuple[bytes, ...]:
    """Private keys in several formats, whose numbers are none. What is encrypted is only marked so."""
    plain, form = serialization.NoEncryption(), serialization.PrivateFormat
    curve = ec.derive_private_key(7, ec.SECP256R1())
    edwards = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    number = _der(2, b"\x7f" * 128)
    rsa = _der(0x30, _der(2, b"\0") + number + _der(2, b"\1\0\1") + number * 6)
    public = _ssh(b"ssh-rsa", b"\1\0\1", b"\x7f" * 128)
    private = bytes(8) + _ssh(b"ssh-rsa", b"\x7f" * 128, b"\1\0\1", b"\1", b"\1", b"\1", b"\1", b"name")
    openssh = b"openssh-key-v1\0" + _ssh(b"none", b"none", b"") + b"\0\0\0\1" + _ssh(public, private)
    locked = openssh.replace(_ssh(b"none", b"none", b""), _ssh(b"aes256-ctr", b"bcrypt", _ssh(b"salt") + b"\0\0\0\x10"))
    pbes2 = _der(0x30, _der(6, bytes.fromhex("2a864886f70d01050d")) + _der(0x30, b""))
    marked = pem("RSA PRIVATE KEY", rsa).replace(b"\n", b"\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1)
    return (
        curve.private_bytes(serialization.Encoding.PEM, form.TraditionalOpenSSL, plain),
        curve.private_bytes(serialization.Encoding.PEM, form.PKCS8, plain),
        edwards.private_bytes(serialization.Encoding.PEM, form.PKCS8, plain),
        pem("RSA PRIVATE KEY", rsa),
        marked,
        pem("OPENSSH PRIVATE KEY", openssh),
        pem("OPENSSH PRIVATE KEY", locked),
        pem("ENCRYPTED PRIVATE KEY", _der(0x30, pbes2 + _der(4, bytes(32)))),
    )


def elf(bits: int = 64, order: str = "<") -> bytes:
    """A library with an interpreter, a dynamic section, notes, symbols and sections."""
    wide = bits == 64
    head = 64 if wide else 52
    strings = b"\0libc.so.6\0me.so\0/rpath\0__stack_chk_fail\0__printf_chk\0"
    word = "Q" if wide else "I"
    base = 0x400
    dynamic_at, strings_at = base, base + 0x100
    tags = [(1, 1), (14, 11), (15, 17), (29, 17), (30, 8), (5, strings_at), (10, len(strings)), (6, base + 0x180),
            (0x6FFFFFFB, 1), (4, base + 0x280), (0, 0)]  # fmt: skip
    dynamic = b"".join(struct.pack(f"{order}2{word}", *tag) for tag in tags)
    symbol = "IBBHQQ" if wide else "IIIBBH"
    empty = struct.calcsize(order + symbol) * b"\0"
    symbols = empty + b"".join(
        struct.pack(order + symbol, *((name, 18, 0, 0, 0, 0) if wide else (name, 0, 0, 18, 0, 0))) for name in (24, 41)
    )
    note = struct.pack(f"{order}3I", 4, 8, 3) + b"GNU\0" + b"buildid!"
    names = b"\0.dynsym\0.comment\0.go.buildinfo\0.shstrtab\0"
    go = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0") + b"\x06go1.22\x04mod\t"
    parts = {dynamic_at: dynamic, strings_at: strings, base + 0x180: symbols, base + 0x200: note,
             base + 0x240: b"/lib/ld.so\0", base + 0x280: struct.pack(f"{order}5I", 1, 3, 0, 0, 0),
             base + 0x2C0: b"GCC: (made) 12\0", base + 0x300: names, base + 0x340: go}  # fmt: skip
    segments = [(1, 0, 0x1000), (2, dynamic_at, len(dynamic)), (3, base + 0x240, 11), (4, base + 0x200, len(note)),
                (0x6474E551, 0, 0), (0x6474E552, dynamic_at, 16)]  # fmt: skip
    programs = b"".join(
        struct.pack(f"{order}2I6Q", kind, 6, at, at, at, size, size, 8) if wide
        else struct.pack(f"{order}8I", kind, at, at, at, size, size, 6, 4) for kind, at, size in segments
    )  # fmt: skip
    sections = [(0, 0, 0, 0), (1, 11, base + 0x180, len(symbols)), (9, 1, base + 0x2C0, 15), (18, 1, base + 0x340, 43),
                (32, 3, base + 0x300, len(names))]  # fmt: skip
    table = b"".join(
        struct.pack(f"{order}2I4{word}2I2{word}", name, kind, 0, at, at, size, 0, 0, 1, 24 if wide else 16)
        for name, kind, at, size in sections
    )
    sections_at = base + 0x3A0
    identity = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1, 0]) + bytes(8)
    header = identity + struct.pack(
        f"{order}HHI3{word}I6H", 3, 62, 1, 0x1000, head, sections_at, 0, head, 56 if wide else 32, len(segments),
        64 if wide else 40, len(sections), len(sections) - 1)  # fmt: skip
    image = bytearray(sections_at)
    image[: len(header)] = header
    image[head : head + len(programs)] = programs
    for at, part in parts.items():
        image[at : at + len(part)] = part
    return bytes(image) + table


def rpm_header() -> bytes:
    """The header of a package with two files."""
    values: list[tuple[int, int, int, bytes]] = [
        (1000, 6, 1, b"abacus\0"), (1001, 6, 1, b"1.0\0"), (1002, 6, 1, b"2\0"), (1003, 4, 1, struct.pack(">I", 3)),
        (1008, 4, 1, struct.pack(">I", 1_700_000_000)), (1009, 4, 1, struct.pack(">I", 99)), (1011, 6, 1, b"Acme\0"),
        (1016, 9, 1, b"Tools\0"), (1022, 6, 1, b"noarch\0"), (1044, 6, 1, b"abacus.src.rpm\0"),
        (269, 6, 1, b"ab" * 20 + b"\0"), (5009, 5, 1, struct.pack(">Q", 1 << 40)),
        (1117, 8, 2, b"one\0two\0"), (1118, 8, 1, b"/usr/bin/\0"), (1116, 4, 2, bytes(8)),
        (1039, 8, 2, b"root\0root\0"), (1040, 8, 2, b"root\0root\0"), (1030, 3, 2, struct.pack(">2H", 0o100755, 0)),
        (1028, 4, 2, struct.pack(">2I", 5, 6)), (5011, 4, 1, struct.pack(">I", 8)),
        (1035, 8, 2, b"cd" * 32 + b"\0\0"),
    ]  # fmt: skip
    index, data = b"", b""
    for tag, kind, count, value in values:
        data += bytes(-len(data) % 8)
        index += struct.pack(">4I", tag, kind, len(data), count)
        data += value
    return struct.pack(">2I", len(values), len(data)) + index + data


def sqlite(*statements: tuple[str, tuple[object, ...]], page: int = 512) -> bytes:
    """A database after some statements."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute(f"PRAGMA page_size = {page}")
        for sql, values in statements:
            connection.execute(sql, values)
        connection.commit()
        data = connection.serialize()
    connection.close()
    return data


def rpm_sqlite() -> bytes:
    """rpm's database in SQLite."""
    return sqlite(
        ("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)", ()),
        ("CREATE TABLE Name (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)", ()),
        ("CREATE INDEX Name_key_idx ON Name (key)", ()),
        ("INSERT INTO Packages VALUES (1, ?)", (rpm_header(),)),
        ("INSERT INTO Packages VALUES (2, ?)", (rpm_header(),)),
        ("INSERT INTO Name VALUES ('abacus', 1, 0)", ()),
    )


def rpm_ndb() -> bytes:
    """rpm's own format, see leadline.linux.rpmndb."""
    header = rpm_header()
    padded = header + bytes(-(16 + len(header) + 12) % 16)
    body = b"BlbS" + struct.pack("<3I", 1, 1, len(header)) + padded
    blob = body + struct.pack("<2I", zlib.adler32(body), len(header)) + b"BlbE"
    slots = b"Slot" + struct.pack("<3I", 1, 256, len(blob) // 16)
    start = b"RpmP" + struct.pack("<4I", 0, 1, 1, 2) + bytes(12) + slots
    return start + (b"Slot" + bytes(12)) * ((4096 - len(start)) // 16) + blob


def rpm_bdb() -> bytes:
    """A hash of Berkeley DB with one bucket: a package that lies on overflow pages."""
    size, header = 512, rpm_header()
    room = size - 26
    chain = [header[at : at + room] for at in range(0, len(header), room)]
    meta = bytearray(size)
    meta[12:16] = struct.pack("<I", 0x061561)
    meta[20:24], meta[25] = struct.pack("<I", size), 8
    meta[32:36] = struct.pack("<I", 1 + len(chain))
    meta[96:100] = struct.pack("<I", 1)
    bucket = bytearray(size)
    bucket[20:22], bucket[25] = struct.pack("<H", 2), 13
    bucket[size - 5 :] = b"\1" + struct.pack("<I", 1)
    bucket[size - 17 : size - 5] = b"\3\0\0\0" + struct.pack("<2I", 2, len(header))
    bucket[26:30] = struct.pack("<2H", size - 5, size - 17)
    pages = [bytes(meta), bytes(bucket)]
    for place, part in enumerate(chain):
        following = place + 3 if place + 1 < len(chain) else 0
        head = bytes(16) + struct.pack("<IHH", following, 1, len(part)) + bytes([0, 7])
        pages.append((head + part).ljust(size, b"\0"))
    return b"".join(pages)


def luks2() -> bytes:
    """The first header of a LUKS2 container."""
    area = {"segments": {"0": {"type": "crypt", "encryption": "aes-xts-plain64"}}, "digests": {"0": {"hash": "sha1"}}}
    head = b"LUKS\xba\xbe\0\x02" + (0x4000).to_bytes(8, "big") + bytes(8) + b"label".ljust(48, b"\0") + b"sha256"
    return head.ljust(168, b"\0") + b"5f3c1e0a-9d2b".ljust(40, b"\0") + bytes(4096 - 208) + json.dumps(area).encode()


def utmp() -> bytes:
    """Two records as x86-64 has them."""
    layout = "=h2xi32s4s32s256shhiiI16s20x"
    login = struct.pack(layout, 7, 42, b"pts/3", b"ts/3", b"ada", b"host", 0, 0, 0, 1_700_000_000, 5, bytes(16))
    return login + struct.pack(layout, 2, 0, b"~", b"", b"reboot", b"6.1", 0, 0, 0, 1_700_000_000, 0, bytes(16))


def archive() -> bytes:
    """A JAR file with the descriptor of a plugin."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        made.writestr(
            "META-INF/plugin.xml", "<idea-plugin><id>a.b</id><name>N</name><version>1</version></idea-plugin>"
        )
    return out.getvalue()


def netlink() -> bytes:
    """Two messages, one with attributes."""
    body = bytes(12) + struct.pack("=HHI", 8, 1, 5) + struct.pack("=HH8s", 12, 9, struct.pack("=HBBi", 8, 0, 0, 3))
    return struct.pack("=IHHII", 16 + len(body), 24, 2, 1, 0) + body + struct.pack("=IHHII", 20, 3, 2, 1, 0) + bytes(4)


def _field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2, len(value)]) + value


PROTOBUF = b"\x08\x96\x01" + _field(2, b"text") + _field(3, _field(1, b"key") + _field(2, b"v")) + b"\x25\1\2\3\4"


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def _headers(*pairs: tuple[bytes, bytes], end: bool = False) -> bytes:
    block = b"".join(b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value for name, value in pairs)
    return _frame(1, 5 if end else 4, 1, block)


_SETTINGS = _frame(4, 0, 0, b"")
_ANSWER = _headers((b":status", b"200"), (b"content-type", b"application/grpc"))
GRPC = _SETTINGS + _ANSWER + _frame(0, 0, 1, b"\0\0\0\0\3yes") + _headers((b"grpc-status", b"0"), end=True)
GRPC_ERROR = _SETTINGS + _ANSWER + _headers((b"grpc-status", b"5"), (b"grpc-message", b"no %c3%bc"), end=True)


def journal(compact: bool = False) -> bytes:
    """A journal with two entries that share a field; its hash table has one place."""
    fields = [b"MESSAGE=hello", b"_SYSTEMD_UNIT=a.service", b"PRIORITY=6", b"_PID=12"]
    start = 208
    parts = bytearray(start)

    def add(kind: int, content: bytes) -> int:
        parts.extend(bytes(-len(parts) % 8))
        at = len(parts)
        parts.extend(bytes([kind]) + bytes(7) + struct.pack("<Q", 16 + len(content)) + content)
        return at

    table = add(4, bytes(16)) + 16
    data = []
    for field in fields:
        data.append(add(1, struct.pack("<6Q", jenkins(field), 0, 0, 0, 0, 2) + bytes(8 if compact else 0) + field))
        struct.pack_into("<Q", parts, table, data[0])
        if len(data) > 1:
            struct.pack_into("<Q", parts, data[-2] + 24, data[-1])
    width = "<I" if compact else "<QQ"
    entries = []
    for number in (1, 2):
        items = b"".join(struct.pack(width, *((at,) if compact else (at, 0))) for at in data)
        head = struct.pack("<3Q16sQ", number, 1_700_000_000_000_000 + number, number, b"b" * 16, 0)
        entries.append(add(3, head + items))
    each = "<2I" if compact else "<2Q"
    array = add(6, struct.pack("<Q", 0) + struct.pack(each, *entries))
    for at in data:
        struct.pack_into("<3Q", parts, at + 40, entries[0], array, 3)
    parts[:208] = (
        b"LPKSHHRH" + struct.pack("<2IB7x", 0, 16 if compact else 0, 1) + b"f" * 16 + b"m" * 16 + b"t" * 16 + b"s" * 16
        + struct.pack("<4Q", start, len(parts) - start, table, 16) + bytes(32)
        + struct.pack("<6Q", 2, 2, 1, array, 1_700_000_000_000_001, 1_700_000_000_000_002) + bytes(8)
    )  # fmt: skip
    return bytes(parts)


def filesystems() -> tuple[bytes, ...]:
    """Starts of disks, as :func:`leadline.linux.superblock.probe` looks for them; see ``spread`` in targets.py."""
    fat = b"\xeb\x58\x90MSWIN4.1\0\2\1\1\0\2\0\2\0\x20\xf8\1\0" + bytes(30) + b"FAT16   "
    ntfs = b"\xeb\x52\x90NTFS    \0\2\1".ljust(48, b"\0") + b"\2".ljust(16, b"\0") + b"\xf6"
    exfat = b"\xeb\x76\x90EXFAT   ".ljust(88, b"\0") + struct.pack("<3I", 1, 2, 1) + bytes(8) + b"\x09\0"
    ext = bytes(56) + b"\x53\xef" + bytes(34) + struct.pack("<3I", 4, 0x40, 0) + b"u" * 16 + b"label"
    raid = b"\xfc\x4e\x2b\xa9\1\0\0\0" + bytes(8) + b"u" * 16 + b"host:0"
    lvm = b"LABELONE\1" + bytes(15) + b"LVM2 001" + b"a" * 32
    return tuple(bytes([place]) + data for place, data in (
        (0, fat), (0, ntfs), (0, exfat), (0, b"XFSB".ljust(102, b"\0") + b"\2"), (0, b"hsqs".ljust(28, b"\0") + b"\4"),
        (0, raid), (1, lvm), (2, ext), (2, (0xF2F52010).to_bytes(4, "little")), (2, (0xE0F5E1E2).to_bytes(4, "little")),
        (3, b"SWAPSPACE2"), (4, raid), (5, b"\1CD001\1".ljust(2048, b" ")), (6, b"_BHRfS_M"),
    ))  # fmt: skip
