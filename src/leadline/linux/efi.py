"""EFI variables, and the lists of keys and hashes that secure boot keeps in some of them.

Formats: Linux's Documentation/filesystems/efivarfs.rst, UEFI Specification 2.10, sections 8.2 and 32.4.1.
"""

from __future__ import annotations

import os

from leadline.linux import files, rooted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTORY = "/sys/firmware/efi"
VARIABLES = f"{DIRECTORY}/efivars"
GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c"  # EFI_GLOBAL_VARIABLE
X509 = bytes.fromhex("a159c0a5e494a74a87b5ab155c2bf072")  # EFI_CERT_X509_GUID as it is stored

_LARGEST = 1 << 20  # bytes of a variable; firmware has room for a few hundred KiB of all of them
_ATTRIBUTES = 4  # bytes before the value in a file of efivarfs
_HEADER = 28  # type, size of the list, of its header and of each signature
_OWNER = 16  # bytes of the owner's GUID before a signature


def present(root: str) -> bool:
    """Whether the machine was started by EFI."""
    return os.path.isdir(rooted.path(root, DIRECTORY))


def variable(root: str, name: str, vendor: str = GLOBAL) -> bytes | None:
    """The value of a variable; None when it is missing or the file system with the variables is not mounted."""
    found = value(root, f"{VARIABLES}/{name}-{vendor}")
    if found is None:  # kernels before 6.0 may have the older files, for root
        found = files.read(rooted.path(root, f"{DIRECTORY}/vars/{name}-{vendor}/data"), _LARGEST)
    return found


def value(root: str, path: str) -> bytes | None:
    """The value in a file of efivarfs, without the attributes before it; None when there is none."""
    data = files.read(rooted.path(root, path), _LARGEST)
    return None if data is None or len(data) < _ATTRIBUTES else data[_ATTRIBUTES:]


def paths(root: str, name: str) -> list[str]:
    """The files of the variables of a name, whatever vendor's they are, in the order of their names."""
    found = files.names(rooted.path(root, VARIABLES))
    return [f"{VARIABLES}/{one}" for one in sorted(found) if one.startswith(f"{name}-")]


def signatures(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type (16 bytes of a GUID) and content of each signature in a sequence of lists, up to a list that is broken."""
    offset = 0
    while offset + _HEADER <= len(data):
        size, header, each = (int.from_bytes(data[at : at + 4], "little") for at in range(offset + 16, offset + 28, 4))
        if size < _HEADER or offset + size > len(data):
            return
        kind = data[offset : offset + 16]
        if each > _OWNER:
            for start in range(offset + _HEADER + header, offset + size - each + 1, each):
                yield kind, data[start + _OWNER : start + each]
        offset += size
