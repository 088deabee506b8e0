"""The processors. Format: /proc/cpuinfo, proc(5)."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST = 16 << 20  # bytes: 8,000 processors


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


class Package:
    """One processor package: what its first core is, and counts; None where nothing is said."""

    __slots__ = ("brand", "cores", "logical", "megahertz", "vendor")

    def __init__(self, fields: dict[str, str]) -> None:
        self.brand = fields.get("model name")
        self.vendor = fields.get("vendor_id")
        self.cores = _number(fields.get("cpu cores", ""))
        self.megahertz = _number(fields.get("cpu MHz", "").partition(".")[0])
        self.logical = 0


def packages(root: str) -> list[Package]:
    """The packages in the order of their numbers' appearance; one for all on machines that do not tell them apart."""
    found: dict[str, Package] = {}
    for fields in _processors(root):
        package = found.setdefault(fields.get("physical id", ""), Package(fields))
        package.logical += 1
    return list(found.values())


def read(root: str) -> Processors:
    """What /proc/cpuinfo says; on machines other than x86 that is little more than how many there are."""
    found = Processors()
    cores: set[tuple[str, str]] = set()
    sockets: set[str] = set()
    for fields in _processors(root):
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


def _processors(root: str) -> Iterator[dict[str, str]]:
    for block in decode(files.read(rooted.path(root, "/proc/cpuinfo"), _LARGEST) or b"").split("\n\n"):
        fields = _fields(block)
        if "processor" in fields:
            yield fields


def _fields(block: str) -> dict[str, str]:
    fields = {}
    for line in block.split("\n"):
        key, colon, value = line.partition(":")
        if colon:
            fields[key.strip()] = value.strip()
    return fields


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
