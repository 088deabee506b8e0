"""Gentoo's package manager: what it has installed, and what its user allows or forbids. portage(5)."""

from __future__ import annotations

import os

from leadline.linux import files, rooted
from leadline.linux.text import clean, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE = "/var/db/pkg"
WORLD = "/var/lib/portage/world"
SETTINGS = "/etc/portage"
_LIMIT = 1 << 20
_DEPTH = 8  # directories in directories of settings


class Package:
    """An installed package: ``name`` with its category; ``folder`` is where the database keeps its files."""

    __slots__ = ("folder", "name", "version")

    def __init__(self, name: str, version: str, folder: str) -> None:
        self.name = name
        self.version = version
        self.folder = folder

    def value(self, root: str, key: str) -> str | None:
        """The content of one of the package's files; None when it has none."""
        content = files.read(rooted.path(root, f"{self.folder}/{key}"), _LIMIT)
        return None if content is None else decode(content.strip())

    def number(self, root: str, key: str) -> int | None:
        """The same for a number that SQLite can hold; None for what is none."""
        value = self.value(root, key) or ""
        return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def packages(root: str) -> Iterator[Package]:
    """The installed packages, by category and name."""
    for category in sorted(files.names(rooted.path(root, DATABASE))):
        for entry in sorted(files.names(rooted.path(root, f"{DATABASE}/{category}"))):
            # portage renames a directory when it is complete; lock files begin with a dot.
            if not entry.startswith(("-MERGING-", ".")):
                name, version = split(f"{clean(category)}/{clean(entry)}")
                yield Package(name, version, f"{DATABASE}/{category}/{entry}")


def world(root: str) -> frozenset[str]:
    """The names of the packages that were asked for, not only needed by others."""
    return frozenset(split(words[0])[0] for words in _lines(root, WORLD, 0))


class Setting:
    """What is said of one atom: ``keywords`` that are accepted for it, whether it is masked or unmasked."""

    __slots__ = ("keywords", "mask", "unmask")

    def __init__(self) -> None:
        self.keywords = ""
        self.mask = False
        self.unmask = False


def settings(root: str) -> dict[str, Setting]:
    """What package.keywords, package.accept_keywords, package.mask and package.unmask say, by atom.

    Each of them is a file or a directory of files.
    """
    found: dict[str, Setting] = {}
    for name in ("package.keywords", "package.accept_keywords"):
        for atom, *keywords in _lines(root, f"{SETTINGS}/{name}", _DEPTH):
            found.setdefault(atom, Setting()).keywords = " ".join(keywords)
    for words in _lines(root, f"{SETTINGS}/package.mask", _DEPTH):
        found.setdefault(words[0], Setting()).mask = True
    for words in _lines(root, f"{SETTINGS}/package.unmask", _DEPTH):
        found.setdefault(words[0], Setting()).unmask = True
    return found


def split(atom: str) -> tuple[str, str]:
    """Package and version of an atom, ebuild(5): `>=sys-apps/portage-2.1-r3:0` is `sys-apps/portage`, `>=2.1-r3`.

    An operator other than `=` stays before the version. A slot or a repository behind it is left out.
    """
    text = atom.rstrip("/")
    name = text.lstrip("<>=~!")
    operator = text[: len(text) - len(name)]
    name = name.partition(":")[0]
    rest, dash, version = name.rpartition("-")
    if dash and version[:1] == "r" and version[1:].isdigit():
        before, dash, number = rest.rpartition("-")
        rest, version = before, f"{number}-{version}"
    if not dash or "/" not in rest or not version[:1].isdigit():
        return name, ""
    return rest, operator.removeprefix("=") + version


def _lines(root: str, path: str, depth: int, seen: set[str] | None = None) -> Iterator[list[str]]:
    """The words of each line that has any, of a file or of all files in a directory, which is read once."""
    seen = set() if seen is None else seen
    place = rooted.path(root, path) if root else os.path.realpath(path)
    content = files.read(place, _LIMIT)
    if content is not None:
        for line in decode(content).split("\n"):
            words = line.partition("#")[0].split()
            if words:
                yield words
    elif depth and place not in seen:  # links may lead here again
        seen.add(place)
        for name in sorted(files.names(place)):
            if not name.startswith(".") and not name.endswith("~"):
                yield from _lines(root, f"{path}/{name}", depth - 1, seen)
