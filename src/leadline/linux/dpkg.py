"""The database of dpkg: what packages an installation has.

Format: dpkg(1), deb-control(5) and lib/dpkg's status file. The file is written by dpkg alone, in canonical spelling,
so fields are searched for instead of parsing every stanza: ten times faster, and a broken stanza harms only itself.
"""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import clean, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ADMINDIR = "/var/lib/dpkg"
_ABSENT = " not-installed"
_VERSION = b"\nVersion:"
_PACKAGE = b"\nPackage:"
_ARCHITECTURE = b"\nArchitecture:"
_LIMIT = 256 << 20


def packages(root: str, admindir: str, fields: Sequence[str]) -> Iterator[list[str]]:
    """The values of ``fields`` of each package that is installed or left something behind; "" for a missing field.

    Packages come in the order of the file. A package whose state is `not-installed` is none.
    """
    marks = {field: f"\n{field}:".encode() for field in fields}
    for stanza in _current(root, admindir):
        # In dpkg's own order everything that is asked for stands before the version's end. That much is taken apart.
        version = stanza.find(_VERSION)
        end = stanza.find(b"\n", version + 1) if version >= 0 else len(stanza) - 1
        known = dict([line.split(": ", 1) for line in decode(stanza[1:end]).split("\n") if ": " in line])
        if known.get("Status", "").endswith(_ABSENT):
            continue
        yield [known[field].strip() if field in known else _value(stanza, mark) for field, mark in marks.items()]


def files_of(
    root: str, admindir: str, packages: frozenset[str] | None = None, paths: frozenset[str] | None = None
) -> Iterator[tuple[str, str]]:
    """Package and path of each file that packages install, in the order of the packages' names.

    Only those of the ``packages`` and with the ``paths`` where given. The lists are info/PACKAGE.list, or
    info/PACKAGE:ARCHITECTURE.list for packages of which several architectures may be installed.
    """
    asked = None if paths is None else frozenset(path.encode("utf-8", "surrogateescape") for path in paths)
    for folder, ending, separator in ((f"{admindir}/info", ".list", b""), (f"{admindir}/status.d", ".md5sums", b"  ")):
        folder = rooted.path(root, folder)
        for name in sorted(name for name in files.names(folder) if name.endswith(ending)):
            package = clean(name.removesuffix(ending).partition(":")[0])
            if separator:
                package = next(_stanza_names(files.read(f"{folder}/{name.removesuffix(ending)}")), package)
            if packages is not None and package not in packages:
                continue
            content = files.read(f"{folder}/{name}") or b""
            if asked is not None and not any(path.lstrip(b"/") in content for path in asked):
                continue
            for line in content.split(b"\n"):
                path = b"/" + line.partition(separator)[2] if separator else line
                if len(path) > 1 and (asked is None or path in asked):
                    yield package, decode(path)


def revision(version: str) -> str:
    """The Debian revision of a version, what follows its last hyphen; "" for a native package. deb-version(7)."""
    return version.rpartition("-")[2] if "-" in version else ""


def _value(stanza: bytes, mark: bytes, start: int = 0) -> str:
    start = stanza.find(mark, start)
    if start < 0:
        return ""
    start += len(mark)
    return decode(stanza[start : stanza.find(b"\n", start)].strip())


def _current(root: str, admindir: str) -> Iterator[bytes]:
    """The stanzas, each between newlines, with changes that dpkg has noted but not merged yet in place."""
    changed = _updates(root, admindir)
    for stanza in _stored(root, admindir):
        if not changed:
            yield stanza
            continue
        yield changed.pop(_identity(stanza), stanza)
    yield from changed.values()


def _stored(root: str, admindir: str) -> Iterator[bytes]:
    yield from _stanzas(files.read(rooted.path(root, f"{admindir}/status"), _LIMIT))
    # Distroless images have no status file but a directory with one for each package.
    folder = rooted.path(root, f"{admindir}/status.d")
    for name in sorted(files.names(folder)):
        if not name.endswith((".md5sums", ".preinst", ".postinst", ".prerm", ".postrm")):
            yield from _stanzas(files.read(f"{folder}/{name}"))


def _updates(root: str, admindir: str) -> dict[bytes, bytes]:
    """dpkg's journal: files with numbers for names, the later ones right (lib/dpkg/dbmodify.c)."""
    folder = rooted.path(root, f"{admindir}/updates")
    changed: dict[bytes, bytes] = {}
    for name in sorted(name for name in files.names(folder) if name.isdecimal()):
        for stanza in _stanzas(files.read(f"{folder}/{name}")):
            changed[_identity(stanza)] = stanza
    return changed


def _identity(stanza: bytes) -> bytes:
    return f"{_value(stanza, _PACKAGE)}:{_value(stanza, _ARCHITECTURE)}".encode()


def _stanza_names(data: bytes | None) -> Iterator[str]:
    return (_value(stanza, _PACKAGE) for stanza in _stanzas(data))


def _stanzas(data: bytes | None) -> Iterator[bytes]:
    for part in (data or b"").split(b"\n\n"):
        stanza = b"\n" + part.strip(b"\n") + b"\n"
        if _PACKAGE in stanza:
            yield stanza
