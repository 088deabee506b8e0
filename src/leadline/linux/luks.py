"""The headers of LUKS containers: the LUKS1 On-Disk Format 1.2.3 and the LUKS2 On-Disk Format 1.1.0."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.linux.disk import Disk

_MAGIC = b"LUKS\xba\xbe"
_SECOND = b"SKUL\xba\xbe"
_SIZES = tuple(0x4000 << power for power in range(9))  # of a LUKS2 header with its JSON: 16 KiB to 4 MiB
_BINARY = 4096  # bytes of a LUKS2 header before the JSON
_LONGEST = 256 << 10  # bytes of JSON that are decoded; with all 32 key slots in use it takes some 20 KiB


class Header:
    """What a container says of itself. ``type`` is LUKS1 or LUKS2; what is not said, or not to be made out, is None."""

    __slots__ = ("cipher", "hash", "label", "mode", "type", "uuid")

    def __init__(
        self,
        type: str,
        uuid: str | None,
        label: str | None = None,
        cipher: str | None = None,
        mode: str | None = None,
        hash: str | None = None,
    ) -> None:
        self.type = type
        self.uuid = uuid
        self.label = label
        self.cipher = cipher
        self.mode = mode
        self.hash = hash


def header(disk: Disk) -> Header | None:
    """The header of a device; None when it is no container.

    The second header of a LUKS2 container stands in for a first one that is damaged.
    """
    version = disk.number(6, 2, "big") if disk.at(0, 6) == _MAGIC else 0
    if version == 1:
        return Header(
            "LUKS1", disk.text(168, 40), None, disk.text(8, 32), disk.text(40, 32), disk.text(72, 32)
        )  # fmt: skip
    found = _second_version(disk, 0) if version == 2 else None
    if found and found.cipher:
        return found
    for place in _SIZES:
        if disk.at(place, 8) == _SECOND + b"\0\x02":
            return _second_version(disk, place)
    return found


def _second_version(disk: Disk, place: int) -> Header:
    found = Header("LUKS2", disk.text(place + 168, 40), disk.text(place + 24, 48))
    size = disk.number(place + 8, 8, "big")
    if size in _SIZES:
        segments, digests = _areas(disk.at(place + _BINARY, min(size - _BINARY, _LONGEST)))
        encryption = next((one for one in segments if one), None)
        if encryption:
            cipher, _, mode = encryption.partition("-")
            found.cipher, found.mode = cipher, mode or None
        found.hash = next((one for one in digests if one), None)
    return found


def _areas(area: bytes) -> tuple[list[str | None], list[str | None]]:
    """The encryption of each encrypted segment, and the hash of each digest, in the JSON area of a header."""
    import json

    try:
        metadata = json.loads(area.split(b"\0", 1)[0])
    except (ValueError, RecursionError):
        return [], []
    crypted = [one for one in _objects(metadata, "segments") if one.get("type") == "crypt"]
    return (
        [_string(one.get("encryption")) for one in crypted],
        [_string(one.get("hash")) for one in _objects(metadata, "digests")],
    )


def _objects(metadata: object, key: str) -> list[dict[str, object]]:
    """The objects that an object holds under a key, in the order of their numbers."""
    held = metadata.get(key) if isinstance(metadata, dict) else None
    if not isinstance(held, dict):
        return []
    return [held[name] for name in sorted(held, key=lambda name: (len(name), name)) if isinstance(held[name], dict)]


def _string(value: object) -> str | None:
    if not isinstance(value, str) or not value or len(value) > 256:
        return None
    return value.encode("utf-8", "replace").decode()
