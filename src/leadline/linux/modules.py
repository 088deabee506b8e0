"""Modules that the kernel has loaded: /proc/modules, proc_modules(5)."""

from __future__ import annotations

from leadline.linux import files
from leadline.linux.text import decode, integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Module:
    """One loaded module. ``size`` in bytes; ``used_by`` names its users, separated by commas, `-` for none."""

    __slots__ = ("address", "name", "size", "status", "used_by")

    def __init__(self, name: str, size: int | None, used_by: str, status: str, address: str) -> None:
        self.name = name
        self.size = size
        self.used_by = used_by
        self.status = status
        self.address = address


def loaded(root: str) -> Iterator[Module]:
    """The loaded modules, the last loaded first."""
    yield from parse(files.read(root + "/proc/modules") or b"")


def parse(data: bytes) -> Iterator[Module]:
    """The modules of lines such as `nf_nat 57344 2 nft_chain_nat,xt_MASQUERADE, Live 0xffffffffc0a00000 (O)`.

    The number between size and users is dropped; lines with fewer than six fields are left out.
    """
    for line in data.split(b"\n"):
        fields = line.split(None, 6)
        if len(fields) >= 6:
            name, size, _, users, status, address = fields[:6]
            yield Module(decode(name), integer(size), decode(users.rstrip(b",")), decode(status), decode(address))
