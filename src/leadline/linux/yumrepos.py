"""The repositories of yum and dnf: dnf.conf(5), yum.conf(5)."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGURATIONS = ("/etc/yum.conf", "/etc/dnf/dnf.conf")
FOLDERS = ("/etc/yum.repos.d", "/etc/yum/repos.d", "/etc/distro.repos.d")
_LIMIT = 4 << 20
_FOLDERS = 16


def repositories(root: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The file and the options of each repository, in the configuration itself and in the directories it names.

    Options are as written: variables such as `$releasever` are not replaced.
    """
    folders: list[str] = []
    read = set()
    for path in CONFIGURATIONS:
        place = rooted.path(root, path)
        content = files.read(place, _LIMIT)
        if content is None or place in read:
            continue
        read.add(place)
        for name, options in sections(content):
            if name == "main":
                folders += options.get("reposdir", "").replace(",", " ").split()
            else:
                yield path, options
    seen = set()
    for folder in folders[:_FOLDERS] or FOLDERS:
        folder = folder.rstrip("/")
        place = rooted.path(root, folder)
        if place in seen or not folder.startswith("/") or "\0" in folder:
            continue
        seen.add(place)
        for name in sorted(name for name in files.names(place) if name.endswith(".repo")):
            for section, options in sections(files.read(rooted.path(root, f"{folder}/{name}"), _LIMIT) or b""):
                if section != "main":
                    yield f"{folder}/{name}", options


def sections(content: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Name and options of each section. An indented line continues the value above it, after a space."""
    name: str | None = None
    options: dict[str, str] = {}
    parts: list[str] = []
    key = ""

    def finish() -> None:
        if key:
            options[key] = " ".join(part for part in parts if part)

    for line in decode(content).replace("\r\n", "\n").split("\n"):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        if text[0] == "[" and "]" in text:
            finish()
            if name is not None:
                yield name, options
            name, options, key, parts = text[1 : text.rindex("]")].strip(), {}, "", []
        elif line[0] in " \t" and key:
            parts.append(text)
        elif "=" in text:
            finish()
            key, _, value = text.partition("=")
            key, parts = key.strip(), [value.strip()]
    finish()
    if name is not None:
        yield name, options
