"""Unit files on disk, as systemd.unit(5) has them: what an image would run.

Of files with one name the one in the first directory counts. Whether a unit is enabled, no file says: links in
directories such as ``multi-user.target.wants`` do.
"""

from __future__ import annotations

import os

from leadline.linux import files, rooted
from leadline.linux.systemd.escaped import unescaped
from leadline.linux.text import clean, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Sections = dict[str, dict[str, list[str]]]

FOLDERS = (
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
)
TYPES = (
    ".automount", ".device", ".mount", ".path", ".scope", ".service", ".slice", ".socket", ".swap", ".target", ".timer",
)  # fmt: skip
_ENABLING = ("/etc/systemd/system", "/run/systemd/system")  # where `systemctl enable` makes links
_DEPENDENCIES = (".wants", ".requires", ".upholds")
_INSTALL = ("WantedBy", "RequiredBy", "UpheldBy", "Alias")
_BYTES = 1 << 20  # of one unit file
_LINES = 20_000
_FILES = 50_000  # units of one system
_DROP_INS, _SMALL = 200, 1 << 16  # of one name, and bytes of each


class UnitFile:
    """A unit with the file that defines it. ``path`` is the file's as the system sees it, ``state`` as ``systemctl
    is-enabled`` tells it, ``sections`` the settings of the file and its drop-ins."""

    __slots__ = ("id", "path", "sections", "state")

    def __init__(self, id: str, path: str, state: str, sections: Sections) -> None:
        self.id = id
        self.path = path
        self.state = state
        self.sections = sections

    def last(self, section: str, key: str) -> str | None:
        """The value of a setting that counts, with the specifiers for the unit's name put in; None without one."""
        values = self.sections.get(section, {}).get(key)
        return _specified(values[-1], self.id) if values else None

    def every(self, section: str, key: str) -> list[str]:
        """All values of a setting that may be given several times."""
        return [_specified(value, self.id) for value in self.sections.get(section, {}).get(key, ())]


def units(root: str, type: str = "") -> Iterator[UnitFile]:
    """The units that there are files for, by name: those of one type (``.timer``), or all.

    Instances of templates are there when they are enabled.
    """
    places: dict[str, str] = {}
    drop_ins: dict[str, list[str]] = {}
    for folder in FOLDERS:
        for name in files.names(rooted.path(root, folder)):
            if name.endswith(TYPES):
                if len(places) < _FILES:
                    places.setdefault(name, folder)
            elif name.endswith(".d"):
                drop_ins.setdefault(name, []).append(folder)
    enabled = _enabled(root)
    names = set(places) | {name for name in enabled if _template(name) in places}
    for name in list(enabled):  # what enables an instance enables its template
        enabled.setdefault(_template(name), enabled[name])
    for name in sorted(names):
        if name.endswith(type or TYPES):
            yield _unit(root, name, places, drop_ins, enabled)


def _unit(
    root: str, name: str, places: dict[str, str], drop_ins: dict[str, list[str]], enabled: dict[str, bool]
) -> UnitFile:
    known = name if name in places else _template(name)
    folder = places[known]
    path = f"{folder}/{known}"
    target = files.link(rooted.path(root, path, follow=False))
    data = files.read(rooted.path(root, path), _BYTES) or b""
    sections: Sections = {}
    parse(data, sections)
    for part in dict.fromkeys((known, _template(name), name)):
        for extra in _drop_ins(root, f"{part}.d", drop_ins):
            parse(extra, sections)
    return UnitFile(clean(name), clean(path), _state(name, folder, target, bool(data), sections, enabled), sections)


def _drop_ins(root: str, name: str, known: dict[str, list[str]]) -> Iterator[bytes]:
    """The contents of a unit's drop-ins in the order of their names; the first directory's counts."""
    places: dict[str, str] = {}
    for folder in known.get(name, ()):
        for one in files.names(rooted.path(root, f"{folder}/{name}")):
            if one.endswith(".conf"):
                places.setdefault(one, f"{folder}/{name}/{one}")
    for one in sorted(places)[:_DROP_INS]:
        yield files.read(rooted.path(root, places[one]), _SMALL) or b""


def _enabled(root: str) -> dict[str, bool]:
    """The units that links enable, each with whether for good: links in /run are gone after a restart."""
    found: dict[str, bool] = {}
    for folder in _ENABLING:
        for name in files.names(rooted.path(root, folder)):
            place = f"{folder}/{name}"
            if name.endswith(_DEPENDENCIES):
                for one in files.names(rooted.path(root, place)):
                    if one.endswith(TYPES):
                        found.setdefault(one, folder == _ENABLING[0])
            elif name.endswith(TYPES):
                target = files.link(rooted.path(root, place, follow=False))
                alias = target.rpartition("/")[2] if target else ""
                if alias and alias != name and alias.endswith(TYPES):
                    found.setdefault(alias, folder == _ENABLING[0])
    return found


def _state(
    name: str, folder: str, target: str | None, filled: bool, sections: Sections, enabled: dict[str, bool]
) -> str:
    """The state of a unit's file, as in systemctl(1) under ``is-enabled``."""
    runtime = "-runtime" if folder.startswith("/run/") else ""
    if not filled:  # an empty file, or a link to /dev/null
        return f"masked{runtime}"
    if folder.startswith("/run/systemd/generator"):
        return "generated"
    if folder == "/run/systemd/transient":
        return "transient"
    if target is not None and target.rpartition("/")[2] not in (name, _template(name)):
        return "alias"
    if name in enabled:
        return "enabled" if enabled[name] else "enabled-runtime"
    if target is not None and target.startswith("/") and not target.startswith(FOLDERS):
        return f"linked{runtime}"
    install = sections.get("Install", {})
    if any(install.get(key) for key in _INSTALL):
        return "disabled"
    return "indirect" if install.get("Also") else "static"


def parse(data: bytes, into: Sections) -> None:
    """Add the settings of one file: by section and key the values in their order.

    An empty value takes back those before; a backslash at its end continues a line; unit files have no quotes at
    this level, systemd.syntax(7).
    """
    section: dict[str, list[str]] | None = None
    pending = b""
    for line in data.split(b"\n", _LINES)[:_LINES]:
        if line.lstrip()[:1] in (b"#", b";"):
            continue  # also between the lines of one value
        line = pending + line
        if line.endswith(b"\\"):
            pending = line[:-1] + b" "
            continue
        pending = b""
        text = decode(line).strip()
        if text.startswith("[") and text.endswith("]"):
            section = into.setdefault(text[1:-1], {})
        elif section is not None and "=" in text:
            key, _, value = text.partition("=")
            values = section.setdefault(key.rstrip(), [])
            value = value.strip()
            if value:
                values.append(value)
            else:
                values.clear()


def _template(name: str) -> str:
    """The template that an instance is made from, ``getty@.service`` for ``getty@tty1.service``; else the name."""
    prefix, at, rest = name.partition("@")
    return f"{prefix}@.{rest.rpartition('.')[2]}" if at else name


def _specified(value: str, name: str) -> str:
    """A value with the specifiers that stand for parts of the unit's name put in, systemd.unit(5)."""
    if "%" not in value:
        return value
    bare = name.rpartition(".")[0]
    prefix, _, instance = bare.partition("@")
    known = {"n": name, "N": bare, "p": prefix, "P": _path(prefix), "i": instance, "I": _path(instance),
             "j": prefix.rpartition("-")[2], "%": "%"}  # fmt: skip
    head, *rest = value.split("%")
    out = [head]
    literal = False  # the sign of a "%%" was put in: what follows is text
    for piece in rest:
        if literal:
            out.append(piece)
            literal = False
        elif piece[:1] in known and piece:
            out.append(known[piece[0]] + piece[1:])
        elif not piece:
            out.append("%")
            literal = True
        else:
            out.append("%" + piece)
    return "".join(out)


def _path(name: str) -> str:
    """Part of a unit's name as the path or text it stands for: ``-`` is /."""
    return unescaped(name.replace("-", "/"))


def stamp(root: str, timer: str) -> int | None:
    """When a persistent timer was last due, in seconds since the epoch: systemd keeps a file whose time tells."""
    try:
        return int(os.stat(rooted.path(root, f"/var/lib/systemd/timers/stamp-{timer}")).st_mtime)
    except (OSError, ValueError):
        return None
