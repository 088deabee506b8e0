"""Profiles that AppArmor has loaded: the policy tree of securityfs, security/apparmor/apparmorfs.c of the kernel."""

from __future__ import annotations

import os

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROFILES = "/sys/kernel/security/apparmor/policy/profiles"
_DEPTH = 64  # profiles within profiles; a name of that many parts would be longer than the kernel takes
_LIMIT = 64 << 10


class Profile:
    """One profile. ``path`` holds the names of the profiles it lies in, joined by `//` as aa-status(8) does.

    A digest is None where the kernel has another one, or keeps none.
    """

    __slots__ = ("attach", "mode", "name", "path", "sha1", "sha256")

    def __init__(
        self, path: str, name: str, attach: str | None, mode: str | None, sha1: str | None, sha256: str | None
    ) -> None:
        self.path = path
        self.name = name
        self.attach = attach
        self.mode = mode
        self.sha1 = sha1
        self.sha256 = sha256


def profiles(root: str, cancelled: Callable[[], bool]) -> Iterator[Profile]:
    """The loaded profiles, each before the ones it holds; none without the right to look."""
    yield from _within(rooted.path(root, PROFILES), "", _DEPTH, cancelled)


def _within(folder: str, parent: str, depth: int, cancelled: Callable[[], bool]) -> Iterator[Profile]:
    for entry in sorted(files.names(folder)) if depth else ():
        place = f"{folder}/{entry}"
        name = None if cancelled() or os.path.islink(place) else _text(f"{place}/name")
        if name is None:
            continue
        path = f"{parent}//{name}" if parent else name
        yield Profile(
            path,
            name,
            _text(f"{place}/attach"),
            _text(f"{place}/mode"),
            _text(f"{place}/sha1"),
            _text(f"{place}/sha256"),
        )
        yield from _within(f"{place}/profiles", path, depth - 1, cancelled)


def _text(path: str) -> str | None:
    data = files.read(path, _LIMIT)
    return None if data is None else decode(data.strip(b" \t\n\0"))
