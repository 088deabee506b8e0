"""Where Python environments lie: the system's, the users', and those that tools make.

Formats: pyvenv.cfg of PEP 405, conda-meta of conda.
"""

from __future__ import annotations

import os

from leadline.linux import files, rooted, walk
from leadline.linux.pattern import like
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Prefixes, each with the kind of environment that is to be expected there.
SYSTEM = (
    ("/usr/local", "system"),
    ("/opt/homebrew", "system"),
    ("/usr", "system"),
    *((f"/opt/{name}", "conda") for name in ("conda", "miniconda3", "anaconda3", "miniforge3", "mambaforge")),
    *((f"/opt/{name}/envs/%", "conda") for name in ("conda", "miniconda3", "anaconda3", "miniforge3", "mambaforge")),
    ("/opt/pipx/venvs/%", "pipx"),
    ("/opt/venvs/%", "venv"),
    *((f"{place}{name}", "venv") for place in ("/opt/%", "/srv/%", "/app", "") for name in ("/.venv", "/venv")),
    ("/opt/%", "venv"),
    ("/srv/%", "venv"),
)
HOME = (
    (".local", "user"),
    (".pyenv/versions/%", "pyenv"),
    (".pyenv/versions/%/envs/%", "pyenv"),
    (".asdf/installs/python/%", "asdf"),
    (".local/share/mise/installs/python/%", "mise"),
    (".local/share/uv/python/%", "uv"),
    (".local/share/uv/tools/%", "uv"),
    (".local/share/pipx/venvs/%", "pipx"),
    (".local/pipx/venvs/%", "pipx"),
    (".cache/pypoetry/virtualenvs/%", "poetry"),
    *((name, "conda") for name in ("miniforge3", "miniconda3", "anaconda3", "mambaforge")),
    *((f"{name}/envs/%", "conda") for name in ("miniforge3", "miniconda3", "anaconda3", "mambaforge", ".conda")),
    (".virtualenvs/%", "virtualenvwrapper"),
    (".local/share/virtualenvs/%", "pipenv"),
    (".local/share/hatch/env/virtual/%/%/%", "hatch"),
    *((f"{place}{name}", "venv") for place in ("", "%/") for name in (".venv", "venv")),
)
_LIMIT = 64 << 10
_DEPTH = 6  # directories below the one that is searched
_FOLDERS = 50_000  # directories of one search
_SKIPPED = ("node_modules", ".git", "__pycache__", "site-packages", "dist-packages")


class Environment:
    """A prefix with the libraries of one version of Python: ``sites`` are the directories packages lie in.

    ``python`` is the version as far as the directory of the library tells it, `3.11`.
    """

    __slots__ = ("kind", "path", "python", "sites")

    def __init__(self, path: str, kind: str, python: str, sites: list[str]) -> None:
        self.path = path
        self.kind = kind
        self.python = python
        self.sites = sites


def system(root: str, cancelled: Callable[[], bool]) -> Iterator[Environment]:
    """The environments outside of home directories."""
    yield from _known(root, SYSTEM, cancelled)


def user(root: str, home: str, cancelled: Callable[[], bool]) -> Iterator[Environment]:
    """The environments in a home directory."""
    home = home.rstrip("/")
    if home:  # many a system user's is `/`
        yield from _known(root, tuple((f"{home}/{place}", kind) for place, kind in HOME), cancelled)


def at(root: str, path: str) -> Iterator[Environment]:
    """The environments whose prefix a path is, none when it is not one."""
    path = path.rstrip("/") or "/"
    literal = ((f"/{place.rstrip('%')}", kind) for place, kind in HOME if place.endswith("/%"))
    kind = next((kind for place, kind in literal if place in path), None)
    if kind is None and walk.exists(root, f"{path}/conda-meta"):
        kind = "conda"
    if kind is None:
        kind = "venv" if walk.exists(root, f"{path}/pyvenv.cfg") else dict(SYSTEM).get(path, "other")
    yield from _versions(root, path, kind)


def below(root: str, folder: str, cancelled: Callable[[], bool]) -> Iterator[Environment]:
    """The environments in a directory and, as far as it is not too deep, below it. Links are not followed."""
    todo = [(folder.rstrip("/"), 0)]
    looked = 0
    while todo and looked < _FOLDERS and not cancelled():
        path, depth = todo.pop()
        looked += 1
        found = walk.entries(root, f"{path}/")
        if "pyvenv.cfg" in found or "conda-meta/" in found:
            yield from at(root, path)
            continue
        if depth < _DEPTH:
            folders = (name for name in found if name[-1] == "/" and not found[name].is_symlink())
            names = (name[:-1] for name in sorted(folders, reverse=True))
            todo += [(f"{path}/{name}", depth + 1) for name in names if name not in _SKIPPED]


def settings(root: str, path: str) -> dict[str, str]:
    """The keys and values of an environment's pyvenv.cfg, keys in small letters."""
    content = decode(files.read(rooted.path(root, f"{path}/pyvenv.cfg"), _LIMIT) or b"")
    found: dict[str, str] = {}
    for line in content.split("\n"):
        key, equals, value = line.partition("=")
        if equals:
            found.setdefault(key.strip().lower(), value.strip())
    return found


def version(root: str, environment: Environment, known: dict[str, str]) -> str | None:
    """The version of Python as exactly as the environment tells: `3.11.2`, else `3.11`."""
    # venv writes `version`, virtualenv and uv `version_info`, virtualenv as `3.11.2.final.0`.
    written = known.get("version") or known.get("version_info", "")
    if written:
        return ".".join(written.split(".")[:3])
    if environment.kind == "conda":
        for name in sorted(files.names(rooted.path(root, f"{environment.path}/conda-meta"))):
            parts = name.split("-")  # python-3.11.5-h955ad1f_0.json
            if len(parts) == 3 and parts[0] == "python":
                return parts[1]
    return environment.python or None


def interpreter(root: str, environment: Environment, known: dict[str, str]) -> str | None:
    """The interpreter that the environment was made from; its own where it is the base of others."""
    written = known.get("base-executable") or known.get("executable")
    if written:
        return written
    for folder in filter(None, (known.get("home"), f"{environment.path}/bin")):
        for name in (f"python{environment.python}", "python3", "python"):
            if walk.exists(root, f"{folder}/{name}"):
                return f"{folder}/{name}"
    return None


def owner(root: str, path: str) -> int | None:
    """The uid that a directory belongs to."""
    try:
        return os.stat(rooted.path(root, path)).st_uid
    except (OSError, ValueError):
        return None


def _known(root: str, places: tuple[tuple[str, str], ...], cancelled: Callable[[], bool]) -> Iterator[Environment]:
    """The environments at known places, each once: a place further up in the list has it."""
    seen: set[tuple[int, int]] = set()
    for place, kind in places:
        for path, entry in walk.expand(root, like(f"{place}/"), cancelled):
            if entry is not None and entry.is_symlink():
                continue  # `3` beside `3.12`, or a shorter name for an environment elsewhere
            path = path.rstrip("/")
            try:
                status = os.stat(rooted.path(root, path))
            except (OSError, ValueError):
                continue
            if (status.st_dev, status.st_ino) in seen:
                continue
            # A directory of a project is no environment, whatever libraries it has.
            if kind == "venv" and not walk.exists(root, f"{path}/pyvenv.cfg"):
                continue
            seen.add((status.st_dev, status.st_ino))
            yield from _versions(root, path, kind)


def _versions(root: str, path: str, kind: str) -> Iterator[Environment]:
    """An environment for each version of Python that a prefix has libraries of."""
    found: dict[str, list[str]] = {}
    seen: set[tuple[int, int]] = set()
    for library in ("lib", "lib64"):
        for name in sorted(files.names(rooted.path(root, f"{path}/{library}"))):
            digits = name[6:].strip("t").replace(".", "")
            if not name.startswith("python") or not digits.isascii() or not digits.isdigit():
                continue
            folder = f"{path}/{library}/{name}"
            sites = [site for site in (f"{folder}/dist-packages", f"{folder}/site-packages") if _new(root, site, seen)]
            if sites or walk.exists(root, f"{folder}/os.py"):
                found.setdefault(name[6:], []).extend(sites)
    # Debian's packages lie in python3/dist-packages for every version 3: they go with the newest.
    exact = sorted((one for one in found if "." in one), key=_order)
    for major in [one for one in found if "." not in one]:
        versions = [one for one in exact if one.startswith(f"{major}.")]
        if versions:
            found[versions[-1]][:0] = found.pop(major)
    for one in sorted(found, key=_order):
        yield Environment(path, kind, one, found[one])


def _order(version: str) -> list[int]:
    return [int(part.strip("t") or 0) for part in version.split(".") if part.strip("t").isdigit()]


def _new(root: str, site: str, seen: set[tuple[int, int]]) -> bool:
    """Whether a site directory is there and not known under another name: lib64 is often a link to lib."""
    try:
        status = os.stat(rooted.path(root, site))
    except (OSError, ValueError):
        return False
    if (status.st_dev, status.st_ino) in seen:
        return False
    seen.add((status.st_dev, status.st_ino))
    return True
