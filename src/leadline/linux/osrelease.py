"""Name and version of the distribution. Formats: os-release(5), /etc/redhat-release, /etc/gentoo-release."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode


class Release:
    """A distribution; ``major``, ``minor`` and ``patch`` are 0 and texts "" where nothing is said."""

    __slots__ = ("build", "codename", "major", "minor", "name", "patch", "platform", "platform_like", "version")

    def __init__(self) -> None:
        self.name = "Unknown"
        self.version = ""
        self.major = 0
        self.minor = 0
        self.patch = 0
        self.build = ""
        self.platform = "posix"
        self.platform_like = ""
        self.codename = ""


_LONGEST = 200  # bytes of a release file that are looked at: the pattern's time grows with their third power


def fields(root: str) -> dict[str, str]:
    """The assignments of /etc/os-release, or of /usr/lib/os-release without it; quotes and escapes removed."""
    data = files.read(rooted.path(root, "/etc/os-release"))
    if data is None:
        data = files.read(rooted.path(root, "/usr/lib/os-release"))
    found = {}
    for line in decode(data or b"").split("\n"):
        key, equals, value = line.strip().partition("=")
        if equals and key and not key.startswith("#"):
            found[key] = _unquoted(value.strip())
    return found


def read(root: str) -> Release:
    """The distribution under ``root``."""
    release = Release()
    said = fields(root)
    release.name = said.get("NAME", release.name)
    release.version = said.get("VERSION", "")
    release.build = said.get("BUILD_ID", "")
    release.platform = said.get("ID", release.platform)
    release.platform_like = said.get("ID_LIKE", "")
    # Some distributions have a code name under a name of their own, such as UBUNTU_CODENAME.
    names = [value for key, value in said.items() if "CODENAME" in key]
    release.codename = said.get("VERSION_CODENAME") or (names[-1] if names else "")
    numbers = [*said.get("VERSION_ID", "").split(".", 2), "", ""]
    release.major, release.minor, release.patch = (_number(number) for number in numbers[:3])
    redhat = files.read(rooted.path(root, "/etc/redhat-release"))
    if redhat is not None:
        _older(release, redhat, "rhel")
        return release
    gentoo = files.read(rooted.path(root, "/etc/gentoo-release"))
    if gentoo is not None:
        _older(release, gentoo, "gentoo")
    return release


def tag(root: str) -> str:
    """The distribution in one word, such as `debian12`."""
    said = fields(root)
    return said.get("ID", "linux") + said.get("VERSION_ID", "").split(".", 1)[0]


def _older(release: Release, data: bytes, platform: str) -> None:
    """What the file from before os-release(5) says wins where it exists, as in osquery."""
    import re

    release.platform = release.platform_like = platform
    release.version = " ".join(decode(data[:_LONGEST]).split())
    release.build = ""
    match = re.search(r"([\w+\s]+) .* ([0-9]+)\.([0-9]+)\.?(\w+)?", release.version)
    if match:
        release.name = match[1]
        release.major, release.minor, release.patch = (_number(match[place] or "") for place in (2, 3, 4))


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        inner = value[1:-1]
        if value[0] == '"' and "\\" in inner:
            for character in '"$`\\':
                inner = inner.replace(f"\\{character}", character)
        return inner
    return value


def _number(text: str) -> int:
    """The leading digits as a number: `04` is 4, `10-p2` is 10, `rolling` is 0."""
    digits = ""
    for character in text:
        if not "0" <= character <= "9":
            break
        digits += character
    return int(digits[:9] or "0")
