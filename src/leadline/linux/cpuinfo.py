"""The processors. Format: /proc/cpuinfo, proc(5)."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode


class Processors:
    """All processors: what the first one is, and counts; None where nothing is said."""

    __slots__ = ("brand", "cores", "logical", "microcode", "model", "sockets")

    def __init__(self) -> None:
        self.brand: str | None = None
        self.model = "0"
        self.microcode: str | None = None
        self.logical = 0
        self.cores: int | None = None
        self.sockets: int | None = None


def read(root: str) -> Processors:
    """What /proc/cpuinfo says; on machines other than x86 that is little more than how many there are."""
    found = Processors()
    cores: set[tuple[str, str]] = set()
    sockets: set[str] = set()
    for block in decode(files.read(rooted.path(root, "/proc/cpuinfo")) or b"").split("\n\n"):
        fields = _fields(block)
        if "processor" not in fields:
            continue
        found.logical += 1
        if found.logical == 1:
            found.brand = fields.get("model name")
            found.model = fields.get("model", "0")
            found.microcode = fields.get("microcode")
        if "physical id" in fields:
            sockets.add(fields["physical id"])
            if "core id" in fields:
                cores.add((fields["physical id"], fields["core id"]))
    found.sockets = len(sockets) or None
    found.cores = len(cores) or found.logical or None
    return found


def _fields(block: str) -> dict[str, str]:
    fields = {}
    for line in block.split("\n"):
        key, colon, value = line.partition(":")
        if colon:
            fields[key.strip()] = value.strip()
    return fields
