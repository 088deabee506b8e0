"""The hosts file. Format: hosts(5)."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def entries(root: str) -> Iterator[tuple[str, list[str]]]:
    """Each line's address and the names for it, the canonical one first."""
    for line in (files.read(rooted.path(root, "/etc/hosts")) or b"").split(b"\n"):
        words = line.split()
        if not words or words[0].startswith(b"#"):
            continue
        comment = next((place for place, word in enumerate(words) if word.startswith(b"#")), len(words))
        yield decode(words[0]), [decode(word) for word in words[1:comment]]
