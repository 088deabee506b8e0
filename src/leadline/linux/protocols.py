"""The list of protocols above IP. Format: protocols(5)."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Protocol:
    """A protocol's name, number and first alias; ``comment`` is what stands behind the `#` of its line."""

    __slots__ = ("alias", "comment", "name", "number")

    def __init__(self, name: str, number: int, alias: str, comment: str) -> None:
        self.name = name
        self.number = number
        self.alias = alias
        self.comment = comment


def entries(root: str) -> Iterator[Protocol]:
    """The protocols in the order of the file; lines without a name and a number are left out."""
    for line in (files.read(rooted.path(root, "/etc/protocols")) or b"").split(b"\n"):
        before, _, comment = line.partition(b"#")
        words = before.split()
        if len(words) > 1 and words[1].isdigit() and len(words[1]) <= 9:
            alias = decode(words[2]) if len(words) > 2 else ""
            yield Protocol(decode(words[0]), int(words[1]), alias, decode(comment.strip()))
