"""Programs, libraries and modules in ELF, elf(5): what they are, what they need and how they are hardened.

Only what the answers need is read, a few kilobytes of a file of any size. What the loader goes by, the program headers
and the dynamic section, comes before the section headers, which may be missing or lie.
"""

from __future__ import annotations

import os
import stat

from leadline.linux.files import ABSENT
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Program headers, section headers, tags of the dynamic section: include/uapi/linux/elf.h and glibc's elf.h.
_LOAD, _DYNAMIC, _INTERP, _NOTE, _GNU_STACK, _GNU_RELRO = 1, 2, 3, 4, 0x6474E551, 0x6474E552
_SYMTAB, _SECTION_NOTE, _NOBITS = 2, 7, 8
_NEEDED, _STRTAB, _SYMBOLS, _STRSZ, _SONAME, _RPATH, _BIND_NOW, _RUNPATH = 1, 5, 6, 10, 14, 15, 24, 29
_FLAGS, _FLAGS_1 = 30, 0x6FFFFFFB
_NOW, _NOW_1, _PIE_1 = 0x8, 0x1, 0x08000000
_EXECUTABLE = 1
_BUILD_ID = 3

TYPES = {0: "NONE", 1: "REL", 2: "EXEC", 3: "DYN", 4: "CORE"}
MACHINES = {
    2: "sparc", 3: "i386", 4: "m68k", 8: "mips", 15: "parisc", 20: "ppc", 21: "ppc64", 22: "s390", 40: "arm",
    42: "sh", 43: "sparcv9", 50: "ia64", 62: "x86_64", 183: "aarch64", 243: "riscv", 247: "bpf", 258: "loongarch",
}  # fmt: skip

_HEADERS = 4096  # program headers, sections, needed libraries: real files have a few dozen
_SECTIONS = 65536
_TABLE = 16 << 20  # bytes of a string or symbol table
_SMALL = 1 << 20
_NAME = 4096  # bytes of one string
_SECTION = 64  # bytes of a section's name
_NOTES, _NOTE_BYTES = 32, 1 << 16  # places of notes that are looked at, and bytes of each
_GO = b"\xff Go buildinf:"


class Elf:
    """What one file says of itself. Names are text; what does not apply to its type is None."""

    __slots__ = (
        "bits", "build_id", "canary", "compiler", "entry", "fortify", "go_module", "go_version", "interpreter",
        "little", "machine", "needed", "nx", "pie", "relro", "rpath", "runpath", "sections", "soname", "static",
        "stripped", "type",
    )  # fmt: skip

    def __init__(self) -> None:
        self.bits = 64
        self.little = True
        self.type = ""
        self.machine = ""
        self.entry = 0
        self.interpreter: str | None = None
        self.static: bool | None = None
        self.stripped = True
        self.pie: bool | None = None
        self.relro: str | None = None  # none, partial, full
        self.nx: bool | None = None
        self.canary: bool | None = None
        self.fortify: bool | None = None
        self.rpath: str | None = None
        self.runpath: str | None = None
        self.soname: str | None = None
        self.needed: list[str] = []
        self.build_id: str | None = None
        self.sections = 0
        self.compiler: str | None = None
        self.go_version: str | None = None
        self.go_module: str | None = None


class _Image:
    """An open file: its layout, and its headers as tuples.

    A segment is type, flags, offset, address, size in the file; a section is name, type, address, offset, size, link.
    """

    __slots__ = ("descriptor", "dynamic", "endian", "sections", "segments", "size", "strings", "wide")

    def __init__(self, descriptor: int, size: int) -> None:
        self.descriptor = descriptor
        self.size = size
        self.wide = True
        self.endian = "<"
        self.segments: list[tuple[int, int, int, int, int]] = []
        self.sections: list[tuple[str, int, int, int, int, int]] = []
        self.dynamic: list[tuple[int, int]] = []
        self.strings = b""

    def at(self, offset: int, size: int) -> bytes:
        """Bytes of the file: fewer than asked for at its end, none outside of it."""
        if not 0 <= offset < self.size or size <= 0:
            return b""
        return os.pread(self.descriptor, min(size, self.size - offset), offset)

    def unpacked(self, layout: str, data: bytes) -> Iterator[tuple[int, ...]]:
        """The records of ``data`` one after the other; what is left of it at the end is dropped."""
        from struct import Struct

        record = Struct(self.endian + layout)
        return record.iter_unpack(data[: len(data) - len(data) % record.size])

    def place(self, address: int) -> int:
        """The offset in the file of an address in memory, -1 when the file does not hold it."""
        for kind, _, offset, start, size in self.segments:
            if kind == _LOAD and start <= address < start + size:
                return offset + address - start
        return -1

    def tag(self, wanted: int) -> int | None:
        """The first value of a tag of the dynamic section."""
        return next((value for tag, value in self.dynamic if tag == wanted), None)

    def named(self, tag: int) -> str | None:
        """The string that a tag of the dynamic section stands for."""
        value = self.tag(tag)
        return None if value is None else _string(self.strings, value)


def read(path: str) -> Elf | None:
    """What a file says of itself; None when it is missing, forbidden or no ELF file.

    Raises OSError for what is wrong with the machine, as :func:`leadline.linux.files.read`.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) or error.errno in ABSENT:
            return None
        raise
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        return _read(_Image(descriptor, status.st_size))
    except OSError as error:
        if error.errno in ABSENT:
            return None
        raise
    finally:
        os.close(descriptor)


def _read(image: _Image) -> Elf | None:
    start = image.at(0, 64)
    if len(start) < 52 or start[:4] != b"\x7fELF" or start[4] not in (1, 2) or start[5] not in (1, 2):
        return None
    image.wide, image.endian = start[4] == 2, "<" if start[5] == 1 else ">"
    if image.wide and len(start) < 64:
        return None
    layout = "HHIQQQIHHHHHH" if image.wide else "HHIIIIIHHHHHH"
    header = next(image.unpacked(layout, start[16 : 64 if image.wide else 52]))
    kind, machine, _, entry, segments, sections, _, _, segment_size, segment_count, section_size, count, names = header
    elf = Elf()
    elf.bits, elf.little = 64 if image.wide else 32, image.endian == "<"
    elf.type, elf.machine = TYPES.get(kind, str(kind)), MACHINES.get(machine, str(machine))
    elf.entry = entry
    _read_segments(image, segments, segment_size, segment_count)
    elf.sections = _read_sections(image, sections, section_size, count, names)
    elf.stripped = not any(section[1] == _SYMTAB for section in image.sections)
    elf.build_id = _build_id(image)
    elf.compiler = _compiler(image)
    elf.go_version, elf.go_module = _go(image)
    if elf.type in ("EXEC", "DYN"):
        _read_dynamic(image)
        _linked(image, elf)
        _hardened(image, elf)
    return elf


def _read_segments(image: _Image, offset: int, size: int, count: int) -> None:
    layout = "IIQQQQQQ" if image.wide else "IIIIIIII"
    if size != (56 if image.wide else 32):
        return
    for fields in image.unpacked(layout, image.at(offset, size * min(count, _HEADERS))):
        if image.wide:
            kind, flags, start, address, _, length, _, _ = fields
        else:
            kind, start, address, _, length, _, flags, _ = fields
        image.segments.append((kind, flags, start, address, length))


def _read_sections(image: _Image, offset: int, size: int, count: int, names: int) -> int:
    """Read the section headers, and say how many the file claims to have."""
    if size != (64 if image.wide else 40) or not offset:
        return 0
    layout = "IIQQQQIIQQ" if image.wide else "IIIIIIIIII"
    if not count or names == 0xFFFF:  # more than fits: the first header tells, elf(5)
        for first in image.unpacked(layout, image.at(offset, size)):
            count = count or first[5]
            names = first[6] if names == 0xFFFF else names
    raw = list(image.unpacked(layout, image.at(offset, size * min(count, _SECTIONS))))
    table = image.at(raw[names][4], min(raw[names][5], _SMALL)) if names < len(raw) else b""
    for name, kind, _, address, start, length, link, *_ in raw:
        title = decode(table[name : name + _SECTION].partition(b"\0")[0])
        image.sections.append((title, kind, address, start, length, link))
    return len(raw)


def _read_dynamic(image: _Image) -> None:
    for kind, _, offset, _, size in image.segments:
        if kind == _DYNAMIC:
            for tag, value in image.unpacked("QQ" if image.wide else "II", image.at(offset, min(size, _SMALL))):
                if not tag:
                    break
                image.dynamic.append((tag, value))
            break
    place = image.place(image.tag(_STRTAB) or 0)
    if image.dynamic and place >= 0:
        image.strings = image.at(place, min(image.tag(_STRSZ) or 0, _TABLE))


def _linked(image: _Image, elf: Elf) -> None:
    """What the file needs to run."""
    for kind, _, offset, _, size in image.segments:
        if kind == _INTERP:
            elf.interpreter = decode(image.at(offset, min(size, _NAME)).partition(b"\0")[0])
            break
    needed = [value for tag, value in image.dynamic if tag == _NEEDED][:_HEADERS]
    elf.needed = [name for name in (_string(image.strings, value) for value in needed) if name]
    elf.soname, elf.rpath, elf.runpath = image.named(_SONAME), image.named(_RPATH), image.named(_RUNPATH)
    elf.static = elf.interpreter is None and not needed


def _hardened(image: _Image, elf: Elf) -> None:
    """What makes attacks on the program harder."""
    flags, flags_1 = image.tag(_FLAGS) or 0, image.tag(_FLAGS_1) or 0
    now = bool(flags & _NOW or flags_1 & _NOW_1) or image.tag(_BIND_NOW) is not None
    relro = any(segment[0] == _GNU_RELRO for segment in image.segments)
    elf.relro = "none" if not relro else "full" if now else "partial"
    stack = [segment[1] for segment in image.segments if segment[0] == _GNU_STACK]
    elf.nx = bool(stack) and not stack[0] & _EXECUTABLE
    elf.pie = elf.type == "DYN" and (bool(flags_1 & _PIE_1) or elf.interpreter is not None)
    names = image.strings
    if elf.static:
        # A file has one table of symbols at most, elf(5).
        link = next((section[5] for section in image.sections if section[1] == _SYMTAB), len(image.sections))
        if link < len(image.sections):
            _, _, _, start, size, _ = image.sections[link]
            names += image.at(start, min(size, _TABLE))
        elf.canary = b"\0__stack_chk_fail" in names if names else None  # stripped: nobody can tell
        return
    elf.canary = b"\0__stack_chk_fail" in names or b"\0__stack_chk_guard" in names
    elf.fortify = any(name.startswith(b"__") and name.endswith(b"_chk") for name in _imported(image))


def _imported(image: _Image) -> Iterator[bytes]:
    """The names of the symbols that others have to define.

    How many symbols there are no tag says. The table of their names stands behind them, as every linker lays it out.
    """
    start, end = image.tag(_SYMBOLS) or 0, image.tag(_STRTAB) or 0
    place = image.place(start)
    if place < 0 or end <= start:
        return
    layout = "IBBHQQ" if image.wide else "IIIBBH"
    section = 3 if image.wide else 5
    for fields in image.unpacked(layout, image.at(place, min(end - start, _TABLE))):
        if not fields[section] and fields[0]:
            stop = image.strings.find(b"\0", fields[0], fields[0] + _NAME)
            if stop > 0:
                yield image.strings[fields[0] : stop]


def _string(table: bytes, offset: int) -> str | None:
    """The string at an offset of a table; None when it lies outside."""
    if not 0 <= offset < len(table):
        return None
    end = table.find(b"\0", offset, offset + _NAME)
    return decode(table[offset : end if end >= 0 else offset + _NAME])


def _build_id(image: _Image) -> str | None:
    places = [(offset, size) for kind, _, offset, _, size in image.segments if kind == _NOTE]
    places += [(offset, size) for _, kind, _, offset, size, _ in image.sections if kind == _SECTION_NOTE]
    for offset, size in places[:_NOTES]:
        for name, kind, value in _notes(image, image.at(offset, min(size, _NOTE_BYTES))):
            if name == b"GNU\0" and kind == _BUILD_ID and value:
                return value[:64].hex()
    return None


def _notes(image: _Image, data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """The notes of a segment: name, type, contents, each padded to four bytes."""
    from struct import unpack_from

    at = 0
    while at + 12 <= len(data):
        name, length, kind = unpack_from(f"{image.endian}3I", data, at)
        start = at + 12 + (name + 3 & ~3)
        yield data[at + 12 : at + 12 + name], kind, data[start : start + length]
        at = start + (length + 3 & ~3)


def _compiler(image: _Image) -> str | None:
    """What compilers and linkers wrote of themselves, each once."""
    for name, kind, _, offset, size, _ in image.sections:
        if name == ".comment" and kind != _NOBITS:
            parts = [part for part in image.at(offset, min(size, _NAME)).split(b"\0") if part]
            return "; ".join(decode(part) for part in dict.fromkeys(parts)) or None
    return None


def _go(image: _Image) -> tuple[str | None, str | None]:
    """The version of Go and the path of the main package, debug/buildinfo of Go's library (since 1.18)."""
    for name, kind, _, offset, size, _ in image.sections:
        if name != ".go.buildinfo" or kind == _NOBITS:
            continue
        data = image.at(offset, min(size, _SMALL))
        if not data.startswith(_GO) or len(data) < 32 or not data[15] & 2:
            return None, None
        version, at = _counted(data, 32)
        module, _ = _counted(data, at)
        path = next((line[5:] for line in module[16:-16].split(b"\n") if line.startswith(b"path\t")), b"")
        return decode(version[:_NAME]) or None, decode(path[:_NAME]) or None
    return None, None


def _counted(data: bytes, at: int) -> tuple[bytes, int]:
    """The string whose length, in groups of seven bits, stands before it; and where it ends."""
    length = shift = 0
    while at < len(data) and shift < 35:
        byte = data[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return data[at : at + length], at + length
