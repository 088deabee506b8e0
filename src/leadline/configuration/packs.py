"""Which packs and queries are for this machine, and the files that packs are in."""

from __future__ import annotations

import glob
import os
import re
from hashlib import sha1

from leadline.configuration.document import whole
from leadline.configuration.files import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

EVERY = "*"
"""The name under which a configuration has packs that are called after their files."""

OWN_WORDS = {"linux": ("linux", "ubuntu", "centos", "posix"), "darwin": ("darwin", "posix"), "windows": ("windows",)}


def suits(value: Mapping[str, object], platform: str, version: str, shard: int) -> bool:
    """Whether a query or a pack may run where the platform, osquery's version and the shard (0 to 100) are these."""
    asked = value.get("platform")
    if isinstance(asked, str) and not meant(asked, platform):
        return False
    least = value.get("version")
    if isinstance(least, str) and least not in ("", "null") and numbers(least) > numbers(version):
        return False
    return not 0 < (whole(value.get("shard")) or 0) < shard


def meant(platform: str, own: str) -> bool:
    """osquery looks for the platform's words anywhere in the text, so a comma list works."""
    if platform in ("", "null"):
        return True
    return any(word in platform for word in ("any", "all", *OWN_WORDS.get(own, (own,))))


def numbers(version: str) -> list[int]:
    """The numbers of a dotted version, for comparison; what follows the digits of a part does not count."""
    return [int(match[0]) if (match := re.match(r"\d+", part)) else 0 for part in version.split(".")]


def machine_shard(hostname: str) -> int:
    """Where the machine stands among all, 0 to 100: the first byte of its name's SHA1."""
    return sha1(hostname.encode("utf-8", "surrogateescape")).digest()[0] * 100 // 255  # noqa: S324


def files(name: str, value: str) -> list[tuple[str, str]]:
    """(pack name, path) of the packs that a configuration names by a path, or under ``*`` by a pattern of paths.

    In the pattern ``%`` and ``*`` stand for any part of one name, ``%%`` and ``**`` for directories below; the packs
    are named after the files.
    """
    if name != EVERY:
        return [(name, value)]
    found = glob.glob(value.replace("%", "*"), recursive=True)
    paths = (path for path in sorted(found) if os.path.isfile(path))
    return [(os.path.splitext(os.path.basename(path))[0], path) for path in paths]


def read(name: str, value: str) -> list[tuple[str, str, str]]:
    """(pack name, path, text) of the same. Raises OSError."""
    return [(pack, path, text(path)) for pack, path in files(name, value)]
