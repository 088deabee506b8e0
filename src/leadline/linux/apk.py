"""The database of apk, Alpine's package manager: what packages an installation has.

Format: https://wiki.alpinelinux.org/wiki/Apk_spec, "Installed database". A stanza for each package, of lines of one
letter, a colon and a value; what the letters F, R, M, a and Z say of its files stands at the end.
"""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PLACES = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
_LIMIT = 256 << 20


def packages(root: str) -> Iterator[dict[str, str]]:
    """The fields of each installed package by their letter, in the order of the file. Fields of files are left out."""
    for place in PLACES:
        content = files.read(rooted.path(root, place), _LIMIT)
        if content is not None:
            break
    for stanza in (content or b"").split(b"\n\n"):
        fields: dict[str, str] = {}
        for line in decode(stanza.partition(b"\nF:")[0]).split("\n"):
            if line[1:2] == ":":
                fields.setdefault(line[0], line[2:])
        if "P" in fields:
            yield fields
