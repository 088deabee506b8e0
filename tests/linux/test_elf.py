"""Files that the compiler makes here, as readelf sees them, and made up ones that no compiler makes."""

from __future__ import annotations

import os
import re
import resource
import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import elf

HARDENED = ("-O2", "-fstack-protector-all", "-D_FORTIFY_SOURCE=2")
SOURCE = """
#include <stdio.h>
#include <string.h>
int main(int count, char **arguments) {
  char text[64];
  strcpy(text, arguments[0]);
  printf("%s %d\\n", text, count);
  return 0;
}
"""


def run(*command: str | Path) -> str:
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory):
    """``build("-static", ...)``: the path of a small program compiled with these options."""
    if not shutil.which("gcc"):
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("built")
    (folder / "main.c").write_text(SOURCE)

    def compiled(*options: str, name: str = "") -> str:
        out = folder / (name or re.sub(r"\W+", "_", "_".join(options)) + "_out")
        if not out.exists():
            run("gcc", folder / "main.c", "-o", out, *options)
        return str(out)

    return compiled


def read(path: str) -> elf.Elf:
    one = elf.read(path)
    assert one is not None
    return one


def test_a_hardened_program(build) -> None:
    one = read(build(*HARDENED, "-fPIE", "-pie", "-Wl,-z,relro,-z,now", "-Wl,-z,noexecstack", "-Wl,--build-id=sha1"))
    assert (one.bits, one.little, one.type, one.static, one.stripped) == (64, True, "DYN", False, False)
    assert (one.pie, one.relro, one.nx, one.canary, one.fortify) == (True, "full", True, True, True)
    assert one.needed == ["libc.so.6"]
    assert str(one.compiler).startswith("GCC: ")
    assert "ld-" in str(one.interpreter)


def test_a_program_without_any_of_it(build) -> None:
    options = ("-no-pie", "-Wl,-z,norelro", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-Wl,-z,execstack", "-s")
    one = read(build(*options, "-Wl,--build-id=none", "-Wl,-rpath,/opt/a:/opt/b", "-Wl,--disable-new-dtags"))
    assert (one.type, one.static, one.stripped, one.build_id) == ("EXEC", False, True, None)
    assert (one.pie, one.relro, one.nx, one.canary, one.fortify) == (False, "none", False, False, False)
    assert (one.rpath, one.runpath) == ("/opt/a:/opt/b", None)


def test_programs_without_libraries_and_libraries(build) -> None:
    static = read(build("-static", "-fstack-protector-all"))
    assert (static.static, static.needed, static.interpreter, static.canary, static.fortify) == (
        True, [], None, True, None,
    )  # fmt: skip
    assert read(build("-static", "-s")).canary is None
    assert read(build("-static-pie", "-fPIE")).pie is True
    library = read(build("-shared", "-fPIC", "-Wl,-soname,libmade.so.1", "-Wl,-rpath,$ORIGIN/x", "-Wl,-z,lazy"))
    assert (library.type, library.pie, library.soname, library.runpath) == ("DYN", False, "libmade.so.1", "$ORIGIN/x")
    assert library.relro == "partial"
    module = read(build("-c", name="main.o"))
    assert (module.type, module.pie, module.nx, module.static) == ("REL", None, None, None)
    assert (module.bits, module.machine) == (64, read("/proc/self/exe").machine)


@pytest.mark.parametrize(
    "name", ["/bin/ls", "/usr/bin/journalctl", "/lib/x86_64-linux-gnu/libc.so.6", "/proc/self/exe"]
)
def test_what_readelf_says(name: str) -> None:
    if not os.path.exists(name) or not shutil.which("readelf"):
        pytest.skip("not here")
    one = read(name)
    path = os.path.realpath(name)
    header = dict(line.strip().split(":", 1) for line in run("readelf", "-h", path).splitlines() if ":" in line)
    assert header["Class"].strip() == f"ELF{one.bits}"
    assert header["Type"].split()[0] == one.type
    assert int(header["Entry point address"], 16) == one.entry
    assert int(header["Number of section headers"].split()[0]) == one.sections
    dynamic = run("readelf", "-dW", path)
    assert re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic) == one.needed
    assert re.findall(r"\(SONAME\).*\[(.*)\]", dynamic) == ([one.soname] if one.soname else [])
    notes = re.search(r"Build ID: (\w+)", run("readelf", "-n", path))
    assert (notes and notes[1]) == one.build_id
    segments = run("readelf", "-lW", path)
    assert ("GNU_RELRO" in segments) == (one.relro != "none")
    assert ("BIND_NOW" in dynamic or "NOW" in dynamic) == (one.relro == "full")
    assert (one.interpreter or "no interpreter") in segments or one.interpreter is None
    symbols = run("readelf", "--dyn-syms", "-W", path)
    assert one.fortify == bool(re.search(r" UND __\w+_chk(@| |$)", symbols, re.MULTILINE))
    assert one.canary == bool(re.search(r" __stack_chk_fail\b", symbols))
    assert one.stripped == (".symtab" not in run("readelf", "-SW", path))


def test_section_headers_are_not_needed(build, tmp_path) -> None:
    path = tmp_path / "bare"
    data = bytearray(Path(build(*HARDENED)).read_bytes())
    data[40:48] = bytes(8)  # e_shoff
    path.write_bytes(data)
    one = read(str(path))
    assert (one.sections, one.needed, one.canary, one.fortify, one.stripped) == (0, ["libc.so.6"], True, True, True)


def header32(kind: int, machine: int, endian: str = ">", sections: int = 0, count: int = 0) -> bytes:
    identity = b"\x7fELF" + bytes([1, 2 if endian == ">" else 1, 1, 0]) + bytes(8)
    return identity + struct.pack(
        endian + "HHIIIIIHHHHHH", kind, machine, 1, 0x10000, 0, sections, 0, 52, 32, 0, 40, count, 0
    )


def test_the_other_width_and_order(tmp_path) -> None:
    path = tmp_path / "big"
    path.write_bytes(header32(2, 20))
    one = read(str(path))
    assert (one.bits, one.little, one.type, one.machine, one.entry) == (32, False, "EXEC", "ppc", 0x10000)
    assert (one.relro, one.nx, one.static) == ("none", False, True)


def test_more_sections_than_the_header_has_room_for(tmp_path) -> None:
    first = struct.pack(">10I", 0, 0, 0, 0, 0, 3, 0, 0, 0, 0)
    path = tmp_path / "many"
    path.write_bytes(header32(1, 9999, sections=52) + first * 3)
    one = read(str(path))
    assert (one.sections, one.machine) == (3, "9999")


def test_what_go_leaves_behind(tmp_path) -> None:
    module = bytes(16) + b"path\texample.org/tool\nmod\texample.org/tool\t(devel)\n" + bytes(16)
    info = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0") + bytes([8]) + b"go1.22.1" + bytes([len(module)]) + module
    names = b"\0.go.buildinfo\0.shstrtab\0"
    at = 52 + len(info)
    table = [
        struct.pack(">10I", *[0] * 10),
        struct.pack(">10I", 1, 1, 0, 0, 52, len(info), 0, 0, 0, 0),
        struct.pack(">10I", 15, 3, 0, 0, at, len(names), 0, 0, 0, 0),
    ]
    header = bytearray(header32(2, 3, sections=at + len(names), count=3))
    header[50:52] = struct.pack(">H", 2)
    path = tmp_path / "go"
    path.write_bytes(bytes(header) + info + names + b"".join(table))
    one = read(str(path))
    assert (one.go_version, one.go_module) == ("go1.22.1", "example.org/tool")


def test_what_is_no_elf_file(tmp_path) -> None:
    (tmp_path / "script").write_text("#!/bin/sh\n")
    (tmp_path / "short").write_bytes(b"\x7fELF\x02\x01")
    (tmp_path / "odd").write_bytes(b"\x7fELF\x09\x09" + bytes(100))
    (tmp_path / "empty").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    for name in ("script", "short", "odd", "empty", "pipe", "missing", ".", "a\0b"):
        assert elf.read(f"{tmp_path}/{name}") is None


CHANGES = st.lists(st.tuples(st.integers(0, 20000), st.binary(min_size=1, max_size=8)), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(CHANGES, st.integers(0, 20000), st.booleans())
def test_changed_and_cut_files_do_no_harm(build, tmp_path_factory, changes, length: int, low: bool) -> None:
    data = bytearray(Path(build(*HARDENED)).read_bytes())
    for at, new in changes:
        at %= 1024 if low else len(data)  # the headers are where a change matters most
        data[at : at + len(new)] = new
    path = tmp_path_factory.getbasetemp() / "changed.elf"
    path.write_bytes(data[: length or len(data)] if low else data)
    one = elf.read(str(path))
    if one is not None:
        for text in (one.interpreter, one.soname, one.rpath, one.compiler, *one.needed):
            (text or "").encode()  # no half of a surrogate pair


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([1, 2]), st.sampled_from([1, 2]))
def test_any_bytes_behind_the_signature(tmp_path_factory, data: bytes, width: int, order: int) -> None:
    path = tmp_path_factory.getbasetemp() / "any.elf"
    path.write_bytes(b"\x7fELF" + bytes([width, order]) + data)
    elf.read(str(path))


def bomb(folder: Path, headers: bytes, rest: bytes, segments: int = 0, sections: int = 0) -> elf.Elf | None:
    """What is read of a program of 64 bits with these headers behind the first; it must not take long."""
    numbers = (3 if segments else 2, 62, 1, 0, 64, 64 if sections else 0, 0, 64, 56, segments, 64, sections, 0)
    path = folder / "bomb"
    path.write_bytes(b"\x7fELF\2\1\1\0" + bytes(8) + struct.pack("<HHIQQQIHHHHHH", *numbers) + headers + rest)
    start = time.process_time()
    found = elf.read(str(path))
    assert time.process_time() - start < 1
    return found


def test_section_names_without_end_do_not_add_up(tmp_path) -> None:
    table = 64 + 64 * 60_000
    sections = [struct.pack("<IIQQQQIIQQ", place * 16, 3, 0, 0, table, 1 << 20, 0, 0, 0, 0) for place in range(60_000)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = bomb(tmp_path, b"".join(sections), b"a" * (1 << 20), sections=len(sections))
    assert found
    assert found.sections == 60_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10


def test_of_many_symbol_tables_one_is_read(tmp_path) -> None:
    table = 64 + 64 * 60_000
    sections = struct.pack("<IIQQQQIIQQ", 0, 2, 0, 0, table, 1 << 20, 1, 0, 0, 0) * 60_000
    assert bomb(tmp_path, sections, b"a" * (1 << 20), sections=60_000)


def test_names_of_symbols_without_end_are_passed_over(tmp_path) -> None:
    symbols, strings = struct.pack("<IBBHQQ", 1, 0, 0, 0, 0, 0) * 40_000, b"a" * (4 << 20)
    tags = [(1, 1), (5, 0x1000 + len(symbols)), (6, 0x1000), (10, len(strings)), (0, 0)]
    segments = struct.pack("<IIQQQQQQ", 1, 6, 0, 0, 0, 1 << 30, 0, 0)
    segments += struct.pack("<IIQQQQQQ", 2, 6, 0x800, 0x800, 0, 80, 0, 0)
    dynamic = b"".join(struct.pack("<QQ", *tag) for tag in tags)
    rest = bytes(0x800 - 64 - len(segments)) + dynamic.ljust(0x800, b"\0") + symbols + strings
    assert bomb(tmp_path, segments, rest, segments=2)


def test_many_notes_are_not_all_looked_at(tmp_path) -> None:
    segments = struct.pack("<IIQQQQQQ", 4, 6, 64 + 56 * 64, 0, 0, 1 << 20, 0, 0) * 64
    assert bomb(tmp_path, segments, struct.pack("<III", 0, 0, 9) * 90_000, segments=64)
