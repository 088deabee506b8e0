"""The rules of sudo as lines with their includes. Format: sudoers(5)."""

from __future__ import annotations

from leadline.linux import files, hostname, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SUDOERS = "/etc/sudoers"

_DEEPEST = 128  # files within files, as many as sudo takes
_MOST_FILES = 4096  # read in all: files that include each other in turns would make more than anybody can wait for
_LARGEST = 16 << 20  # bytes of one file
_BLANKS = " \t\v"
_INCLUDE = ("#include", "@include")
_INCLUDE_DIRECTORY = ("#includedir", "@includedir")


class Line:
    """A rule, alias, default or include: the file it stands in, its first word and the rest of it."""

    __slots__ = ("details", "header", "source")

    def __init__(self, source: str, header: str, details: str) -> None:
        self.source = source
        self.header = header
        self.details = details


def lines(root: str) -> Iterator[Line]:
    """All lines that say something, continued ones as one, an included file's behind the line that includes it."""
    return _lines(root, SUDOERS, (), [_MOST_FILES])


def _lines(root: str, path: str, above: tuple[str, ...], left: list[int]) -> Iterator[Line]:
    if len(above) >= _DEEPEST or path in above or left[0] <= 0:
        return
    left[0] -= 1
    for line in _joined(decode(files.read(rooted.path(root, path), _LARGEST) or b"")):
        header, details = _split(line)
        if not _says_something(header, details):
            continue
        yield Line(path, header, details)
        if header in _INCLUDE:
            yield from _lines(root, _named(root, path, details), (*above, path), left)
        elif header in _INCLUDE_DIRECTORY:
            directory = _named(root, path, details)
            for name in sorted(files.names(rooted.path(root, directory))):
                # Backups and what package managers leave behind are not read, sudoers(5).
                if "." not in name and not name.endswith("~"):
                    yield from _lines(root, f"{directory.rstrip('/')}/{name}", (*above, path), left)


def _joined(text: str) -> Iterator[str]:
    """The lines of a file without white space around them; the parts of a continued one follow each other directly."""
    parts: list[str] = []
    for raw in text.split("\n"):
        line = raw.strip(f"{_BLANKS}\r")
        if not line:
            continue
        # A comment is not continued, and a file's name may end in anything.
        continued = line.endswith("\\") and (bool(parts) or _continues(line))
        parts.append(line[:-1] if continued else line)
        if not continued:
            yield _kept(parts)
            parts = []
    if parts:
        yield _kept(parts)


def _continues(line: str) -> bool:
    header, details = _split(line)
    return _says_something(header, details) and header not in _INCLUDE + _INCLUDE_DIRECTORY


def _kept(parts: list[str]) -> str:
    """A line from its parts. What begins on a new line after a word of its own is kept apart from it."""
    first, rest = parts[0], "".join(parts[1:])
    apart = " " if rest and not _split(first)[1] and not first.endswith(tuple(_BLANKS)) else ""
    return f"{first}{apart}{rest}".strip(_BLANKS)


def _split(line: str) -> tuple[str, str]:
    end = min((place for blank in _BLANKS if (place := line.find(blank)) >= 0), default=len(line))
    return line[:end], line[end:].strip(_BLANKS)


def _says_something(header: str, details: str) -> bool:
    """Whether the line is none of: a comment (``#1000`` is a user's number and no comment), an include of nothing."""
    if header in _INCLUDE + _INCLUDE_DIRECTORY:
        return bool(details)
    return bool(header) and (not header.startswith("#") or header[1:2].isdecimal())


def _named(root: str, path: str, name: str) -> str:
    """The file that an include in ``path`` names: quoted or with backslashes, ``%h`` for the host's name."""
    quoted = len(name) > 1 and name[0] == name[-1] == '"'
    name = name[1:-1] if quoted else name.replace("\\ ", " ")
    if "%h" in name:
        name = name.replace("%h", hostname.short(root))
    return name if name.startswith("/") else f"{path.rpartition('/')[0]}/{name}"
