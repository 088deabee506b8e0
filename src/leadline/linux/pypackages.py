"""Python distributions as they lie in a site directory.

Formats: https://packaging.python.org/en/latest/specifications/core-metadata/, and those of setuptools from before:
.egg-info (a directory or a single file), .egg (a directory) and .egg-link (a file that names a checkout).
"""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LIMIT = 64 << 10  # bytes of metadata: the fields stand at the beginning
_CHECKOUT = 1000  # names looked at in the directory an .egg-link names
_ENDINGS = (".dist-info", ".egg-info", ".egg", ".egg-link")


def installed(root: str, site: str) -> Iterator[str]:
    """The paths of the metadata of the distributions in a site directory, in the order of their names.

    What a distribution carries along for its own use (`_vendor`) is not installed and left out.
    """
    for name in sorted(files.names(rooted.path(root, site))):
        if not name.endswith(_ENDINGS):
            continue
        path: str | None = f"{site.rstrip('/')}/{name}"
        if name.endswith(".egg-link"):
            path = _checkout(root, f"{site}/{name}", name.removesuffix(".egg-link"))
        if path is not None:
            yield path


def metadata(root: str, path: str) -> dict[str, str]:
    """name, version, summary, author and license; without those the metadata do not have."""
    content = None
    for inner in _inner(path):
        content = files.read(rooted.path(root, path + inner), _LIMIT)
        if content is not None:
            break
    head = b"\n" + (content or b"").partition(b"\n\n")[0] + b"\n"
    found = {}
    for key, marks in _FIELDS:
        for mark in marks:
            start = head.find(mark)
            value = head[start + len(mark) : head.find(b"\n", start + 1)].strip() if start >= 0 else b""
            if value and value != b"UNKNOWN":  # setuptools' word for nothing
                found[key] = _people(decode(value)) if mark == _MAIL else decode(value)
                break
    return found


_MAIL = b"\nAuthor-email:"
_FIELDS = (
    ("name", (b"\nName:",)),
    ("version", (b"\nVersion:",)),
    ("summary", (b"\nSummary:",)),
    # What pyproject.toml calls an author with an address stands under Author-email alone.
    ("author", (b"\nAuthor:", _MAIL)),
    ("license", (b"\nLicense:", b"\nLicense-Expression:")),
)


def _people(addresses: str) -> str:
    """The names of `Ada <ada@example.org>, Grace <grace@example.org>`, an address for who has no name."""
    names = [one.partition("<")[0].strip().strip('"') or one.strip().strip("<>") for one in addresses.split(",")]
    return ", ".join(name for name in names if name)


def _inner(path: str) -> tuple[str, ...]:
    if path.endswith(".dist-info"):
        return ("/METADATA",)
    if path.endswith(".egg"):
        return ("/EGG-INFO/PKG-INFO",)
    return ("/PKG-INFO", "")


def _checkout(root: str, link: str, name: str) -> str | None:
    """The .egg-info of a distribution that is used from where it is developed; None when it is not there."""
    lines = decode(files.read(rooted.path(root, link), 4096) or b"").split("\n")
    folder = lines[0].strip().rstrip("/")
    if not folder.startswith("/") or "\0" in folder:
        return None
    wanted = _plain(name)
    for entry in files.names(rooted.path(root, folder))[:_CHECKOUT]:
        if entry.endswith(".egg-info") and _plain(entry.removesuffix(".egg-info").partition("-")[0]) == wanted:
            return f"{folder}/{entry}"
    return None


def _plain(name: str) -> str:
    return name.replace("_", "-").lower()
