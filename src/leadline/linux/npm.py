"""Packages of Node.js as they lie in node_modules directories, npm's folders(5) and package.json(5)."""

from __future__ import annotations

import os

from leadline.linux import files, rooted, walk
from leadline.linux.pattern import like

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Directories that have a node_modules: the system's, below that the ones of a home directory.
SYSTEM = ("/usr/local/lib", "/usr/lib", "/opt/homebrew/lib")
HOME = (
    ".npm-global/lib",
    ".npm-packages/lib",
    ".nvm/versions/node/%/lib",
    ".asdf/installs/nodejs/%/lib",
    ".local/share/fnm/node-versions/%/installation/lib",
    ".fnm/node-versions/%/installation/lib",
    ".local/share/mise/installs/node/%/lib",
    ".volta/tools/image/node/%/lib",
    ".volta/tools/image/packages/%/lib",
    ".config/yarn/global",
    ".local/share/pnpm/global/%",
)
_LIMIT = 1 << 20  # bytes of a package.json; real ones have some thousands
_FOLDERS = 200_000  # node_modules directories of one site


class Package:
    """A package: ``path`` is that of its package.json, ``depth`` how many packages it lies in."""

    __slots__ = ("depth", "path")

    def __init__(self, path: str, depth: int) -> None:
        self.path = path
        self.depth = depth


def sites(root: str, homes: list[str], cancelled: Callable[[], bool]) -> Iterator[str]:
    """The directories that packages are installed in for all programs: the system's and those below the homes."""
    patterns = [*SYSTEM, *(f"{home.rstrip('/')}/{place}" for home in homes for place in HOME)]
    for pattern in patterns:
        for path, _ in walk.expand(root, like(f"{pattern}/node_modules/"), cancelled):
            yield path.removesuffix("/").removesuffix("/node_modules")


def packages(root: str, site: str, most: int, cancelled: Callable[[], bool]) -> Iterator[Package]:
    """The packages in a directory's node_modules, and in theirs, down to ``most`` levels (no end when negative).

    Directories that links lead to belong to it; each node_modules is entered once.
    """
    todo = [(site.rstrip("/"), 0)]
    seen: set[tuple[int, int]] = set()
    while todo and len(seen) < _FOLDERS and not cancelled():
        folder, depth = todo.pop()
        modules = rooted.path(root, f"{folder}/node_modules")
        try:
            status = os.stat(modules)
        except (OSError, ValueError):
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        inner: list[tuple[str, int]] = []
        for name in _names(modules):
            package = f"{folder}/node_modules/{name}"
            if os.path.exists(rooted.path(root, f"{package}/package.json")):
                yield Package(f"{package}/package.json", depth)
                if most < 0 or depth < most:
                    inner.append((package, depth + 1))
        todo += reversed(inner)


def _names(modules: str) -> Iterator[str]:
    """The names of the packages in a node_modules, those of a scope with it in front: `@types/node`."""
    for name in sorted(files.names(modules)):
        if name.startswith("@"):
            yield from (f"{name}/{inner}" for inner in sorted(files.names(f"{modules}/{name}")))
        elif not name.startswith("."):
            yield name


def manifest(root: str, path: str) -> dict[str, str | None]:
    """name, version, description, homepage, author and license of a package.json; without what it does not say."""
    import json

    content = files.read(rooted.path(root, path), _LIMIT)
    try:
        document = json.loads(content or b"")
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        return {}
    if not isinstance(document, dict):
        return {}
    found = {key: _text(document.get(key)) for key in ("name", "version", "description", "homepage")}
    author = document.get("author")
    found["author"] = _text(author.get("name") if isinstance(author, dict) else author)
    found["license"] = _license(document)
    return found


def _license(document: dict[str, object]) -> str | None:
    """The license, which used to be an object with type and url, or a list of such under another name."""
    known = document.get("license", document.get("licenses"))
    if isinstance(known, list):
        return " OR ".join(text for text in map(_named, known) if text) or None
    return _named(known)


def _named(known: object) -> str | None:
    if isinstance(known, dict):
        return _text(known.get("url")) or _text(known.get("type"))
    return _text(known)


def _text(value: object) -> str | None:
    """A string of JSON, which can name halves of characters: those are no text and become question marks."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None
