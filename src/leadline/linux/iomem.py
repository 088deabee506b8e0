"""What the physical addresses are used for. Format: /proc/iomem, proc(5)."""

from __future__ import annotations

from leadline.linux import files, rooted
from leadline.linux.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST = 4 << 20


def regions(root: str) -> Iterator[tuple[str, str, str]]:
    """Name, first and last address (hexadecimal, without `0x`) of each region; inner regions follow the outer."""
    for line in (files.read(rooted.path(root, "/proc/iomem"), _LARGEST) or b"").split(b"\n"):
        addresses, colon, name = line.partition(b" : ")
        start, hyphen, end = addresses.strip().partition(b"-")
        if colon and hyphen and _is_hexadecimal(start) and _is_hexadecimal(end):
            yield decode(name.strip()), start.decode(), end.decode()


def _is_hexadecimal(digits: bytes) -> bool:
    return 0 < len(digits) <= 16 and digits.strip(b"0123456789abcdef") == b""
