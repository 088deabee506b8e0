"""Parameters of the kernel in /proc/sys, and what sysctl.conf(5) and sysctl.d(5) set them to at start.

A parameter is known by its path below /proc/sys, with slashes: a name such as net.ipv4.conf.eth0.10.forwarding does
not tell which of its dots are part of an interface's name.
"""

from __future__ import annotations

import os
import stat

from leadline.linux import files, rooted
from leadline.linux.text import clean, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Matcher = list[Callable[[str], object]]  # one for each part of a path

_TREE = "/proc/sys"
_FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
_FILE = "/etc/sysctl.conf"
_DEPTH = 16
_BYTES = 1 << 20  # of one file of settings, and of one value
_READABLE = 0o444
_PATTERNS = 200  # of all files together; systems have a handful
_LONGEST = 255  # characters of a pattern


class Settings:
    """What the files set: exact paths, and patterns with the paths they leave alone."""

    __slots__ = ("_matchers", "exact", "excluded", "patterns")

    def __init__(self) -> None:
        self.exact: dict[str, str] = {}
        self.patterns: dict[str, str] = {}
        self.excluded: set[str] = set()
        self._matchers: dict[str, Matcher] = {}

    def value(self, path: str) -> str | None:
        """What a parameter is set to; an exact setting counts more than a pattern, sysctl.d(5)."""
        found = self.exact.get(path)
        if found is None and self.patterns and path not in self.excluded:
            names = path.split("/")
            for pattern, value in self.patterns.items():
                matcher = self._matchers.get(pattern)
                if matcher is None:
                    matcher = self._matchers[pattern] = _matcher(pattern)
                if len(matcher) == len(names) and all(match(name) for match, name in zip(matcher, names, strict=True)):
                    found = value
        return found


def settings(root: str) -> Settings:
    """What the system's files set, the later in their order over the earlier.

    Of files with one name the one in the first directory counts. /etc/sysctl.conf comes last, as in ``sysctl
    --system``.
    """
    found = Settings()
    places: dict[str, str] = {}
    for folder in _FOLDERS:
        for name in files.names(rooted.path(root, folder)):
            if name.endswith(".conf"):
                places.setdefault(name, f"{folder}/{name}")
    for path in [*(places[name] for name in sorted(places)), _FILE]:
        data = files.read(rooted.path(root, path), _BYTES)
        if data:
            parse(data, found)
    return found


def parse(data: bytes, into: Settings) -> None:
    """Add what one file sets."""
    for line in data.split(b"\n"):
        text = decode(line.strip())
        if not text or text[0] in "#;":
            continue
        key, equals, value = text.partition("=")
        key = key.strip()
        ignored = key.startswith("-")  # a failure to set it is no error; without a value: leave it alone
        path = _path(key[1:].strip() if ignored else key)
        if not path:
            continue
        if not equals:
            if ignored:
                into.excluded.add(path)
        elif any(character in path for character in "*?["):
            into.patterns.pop(path, None)
            if len(path) <= _LONGEST and len(into.patterns) < _PATTERNS:
                into.patterns[path] = value.strip()
        else:
            into.exact[path] = value.strip()


def _path(key: str) -> str:
    """A key as a path: when its first separator is a dot, dots and slashes trade places, sysctl.d(5)."""
    for character in key:
        if character == "/":
            break
        if character == ".":
            key = key.translate({ord("."): "/", ord("/"): "."})
            break
    return key.strip("/").removeprefix("proc/sys/")


def _matcher(pattern: str) -> Matcher:
    import re
    from fnmatch import translate

    return [re.compile(translate(part)).match for part in pattern.split("/")]


def parameters(root: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bool]]:
    """The paths of the parameters in order, and whether there is a value to read: some can only be written.

    ``wanted`` is asked for each directory, ``net/ipv4/``, before it is read, and for each parameter.
    """
    yield from _below(root, rooted.path(root, _TREE), "", wanted, 0)


def _below(
    root: str, directory: str, prefix: str, wanted: Callable[[str], bool], depth: int
) -> Iterator[tuple[str, bool]]:
    folders = []
    for name in sorted(files.names(directory)):
        path = prefix + name
        try:
            mode = os.lstat(f"{directory}/{name}").st_mode
        except OSError:
            continue
        if stat.S_ISDIR(mode):
            folders.append(name)
        elif stat.S_ISREG(mode) and wanted(path):
            yield path, bool(mode & _READABLE)
    if depth < _DEPTH:
        for name in folders:
            if wanted(f"{prefix}{name}/"):
                yield from _below(root, f"{directory}/{name}", f"{prefix}{name}/", wanted, depth + 1)


def value(root: str, path: str) -> str | None:
    """What a parameter is now; None when it may not be read."""
    data = files.read(f"{rooted.path(root, _TREE)}/{path}", _BYTES)
    return None if data is None else decode(data.strip())


def name(path: str) -> str:
    """The name that ``sysctl`` takes: dots for slashes."""
    return clean(path).replace("/", ".")
