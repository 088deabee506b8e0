"""The disk_encryption table."""

from __future__ import annotations

from leadline.linux import blockdevices
from leadline.sql.schema import INTEGER, LINUX, MACOS, TEXT, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.linux.blockdevices import Device

_DEPTH = 16  # devices below a device that are looked at


@table(
    "disk_encryption",
    Column("name", TEXT, "Path of the device.", index=True),
    Column("uuid", TEXT, "UUID of what lies on it.", collate="nocase"),
    Column("encrypted", INTEGER, "1 when what is written to it is encrypted on the way to the disk, else 0."),
    Column("type", TEXT, "Kind of encryption, cipher and mode, as in `LUKS2-aes-xts-plain64`; empty for none."),
    Column("encryption_status", TEXT, "`encrypted` or `not encrypted`."),
    Column("uid", TEXT, "User who unlocked it.", platforms=MACOS),
    Column("user_uuid", TEXT, "UUID of the user who unlocked it.", collate="nocase", platforms=MACOS),
    Column("filevault_status", TEXT, "State of FileVault: on, off or unknown.", platforms=MACOS),
    platforms=LINUX,
    examples=[
        "SELECT name, type FROM disk_encryption WHERE encrypted = 1",
        "SELECT m.path, d.encrypted, d.type FROM mounts m JOIN disk_encryption d ON d.name = m.device_alias",
    ],
    notes=(
        "Encrypted are open mappings of cryptsetup(8) and what lies on them, such as logical volumes; a volume over"
        " several devices only when all of them are. The container below a mapping is not: look for its type in"
        " block_devices. Cipher and UUID are read from the device, which needs root."
    ),
)
def disk_encryption(query: Query) -> Rows:
    """Block devices, and whether what is stored on them is encrypted."""
    root, wanted = query.root, query.equals("name")
    known = blockdevices.devices(root)
    types: dict[str, str | None] = {}
    for name, device in known.items():
        if wanted is not None and name not in wanted:
            continue
        if query.cancelled():
            return
        type = _encryption(root, device, known, types, _DEPTH)
        uuid = blockdevices.content(root, device)[1] if query.uses("uuid") else None
        yield name, uuid, int(type is not None), type or "", "not encrypted" if type is None else "encrypted"


def _encryption(
    root: str, device: Device, known: dict[str, Device], types: dict[str, str | None], depth: int
) -> str | None:
    """What a device is encrypted with, itself or by what it is made of; None when not, or not all of it.

    ``types`` remembers the answers, so that a device many others are made of is looked at once.
    """
    if device.name not in types:
        types[device.name] = None  # for a device that would be made of itself
        kind = blockdevices.mapping(device)
        if kind is not None:
            types[device.name] = _cipher(root, device, known, kind)
        elif depth:
            below = [known[name] for name in device.parents if name in known]
            found = [_encryption(root, one, known, types, depth - 1) for one in below]
            types[device.name] = found[0] if found and all(found) else None
    return types[device.name]


def _cipher(root: str, device: Device, known: dict[str, Device], kind: str) -> str:
    """A kind of encryption with the cipher and mode of the mapping's container, where it is known."""
    parts: list[str | None] = [kind]
    if kind in ("LUKS1", "LUKS2"):
        header = blockdevices.container(root, device, known)
        if header and header.type == kind:
            parts += [header.cipher, header.mode]
    return "-".join(part for part in parts if part)
