"""The elf_info table."""

from __future__ import annotations

from leadline.linux import elf, rooted
from leadline.linux.text import clean
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.files import selection


@table(
    "elf_info",
    Column("path", TEXT, "Path of the file.", required=True, optimized=True),
    Column("class", TEXT, "Width of its addresses: ELF32 or ELF64."),
    Column("data", TEXT, "Order of its bytes: little or big."),
    Column("type", TEXT, "EXEC program at a fixed address, DYN program or library, REL object or module, CORE dump."),
    Column("machine", TEXT, "Processor that it is for."),
    Column("entry", TEXT, "Address where it starts to run, hexadecimal."),
    Column("interpreter", TEXT, "Program that loads it."),
    Column("statically_linked", INTEGER, "1 when it needs neither a loader nor libraries."),
    Column("stripped", INTEGER, "1 when its table of symbols was taken out."),
    Column("pie", INTEGER, "1 for a program that can be loaded at any address."),
    Column("relro", TEXT, "What is read-only after loading: none, partial, or full with the table of functions."),
    Column("nx", INTEGER, "1 when its stack is not executable."),
    Column("canary", INTEGER, "1 when functions check their stack frame before they return."),
    Column("fortify", INTEGER, "1 when it calls functions of the C library that check sizes."),
    Column("rpath", TEXT, "Directories where libraries are looked for first (DT_RPATH)."),
    Column("runpath", TEXT, "Directories where libraries are looked for after LD_LIBRARY_PATH (DT_RUNPATH)."),
    Column("soname", TEXT, "Name that a library is linked by."),
    Column("needed", TEXT, "Libraries that it needs, separated by commas."),
    Column("build_id", TEXT, "Hexadecimal id of the build, by which debug symbols are found."),
    Column("sections", INTEGER, "Number of sections."),
    Column("compiler", TEXT, "What compilers and linkers wrote of themselves."),
    Column("go_version", TEXT, "Version of Go that built it."),
    Column("go_module", TEXT, "Path of a Go program's main package."),
    platforms=LINUX,
    ours=True,
    examples=[
        "SELECT path, pie, relro, nx, canary, needed FROM elf_info WHERE path LIKE '/usr/bin/%' LIMIT 50",
        "SELECT p.pid, e.path, e.runpath FROM processes p JOIN elf_info e USING (path) WHERE e.runpath <> ''",
    ],
    notes="From the files themselves: give paths or a pattern. Files that are no ELF have no row; what does not"
    " apply to a type, or cannot be told once the symbols are gone, is NULL. Links are followed.",
)
def elf_info(query: Query) -> Rows:
    """What programs, libraries and kernel modules are, what they need and how they are hardened."""
    root = query.root
    for path, _ in selection.by_path(root, query):
        if query.cancelled():
            return
        one = None if path.endswith("/") else elf.read(rooted.path(root, path))
        if one is None:
            continue
        yield (
            clean(path),
            f"ELF{one.bits}",
            "little" if one.little else "big",
            one.type,
            one.machine,
            f"0x{one.entry:x}",
            one.interpreter,
            _flag(one.static),
            int(one.stripped),
            _flag(one.pie),
            one.relro,
            _flag(one.nx),
            _flag(one.canary),
            _flag(one.fortify),
            one.rpath,
            one.runpath,
            one.soname,
            ",".join(one.needed),
            one.build_id,
            one.sections,
            one.compiler,
            one.go_version,
            one.go_module,
        )


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)
