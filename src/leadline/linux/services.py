"""The list of network services. Format: services(5)."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Service:
    """A service name for one port and protocol; ``comment`` is what stands behind the `#` of its line."""

    __slots__ = ("aliases", "comment", "name", "port", "protocol")

    def __init__(self, name: str, port: int, protocol: str, aliases: list[str], comment: str) -> None:
        self.name = name
        self.port = port
        self.protocol = protocol
        self.aliases = aliases
        self.comment = comment


def entries(root: str) -> Iterator[Service]:
    """The services in the order of the file; lines without a name, a port number and a protocol are left out."""
    for line in (files.read(rooted.path(root, "/etc/services")) or b"").split(b"\n"):
        before, _, comment = line.partition(b"#")
        words = before.split()
        if len(words) < 2:
            continue
        port, _, protocol = words[1].partition(b"/")
        if port.isdigit() and len(port) <= 5 and protocol:
            aliases = [decode(word) for word in words[2:]]
            yield Service(decode(words[0]), int(port), decode(protocol), aliases, decode(comment.strip()))
