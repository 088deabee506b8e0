"""Finding the SMBIOS table in memory, for kernels before 4.2, which do not show it under /sys.

An entry point says where the table is. EFI names the entry point's address; a BIOS leaves it somewhere in the 64 KiB
below 1 MiB, on a border of 16 bytes. Format: DMTF DSP0134, section 5.2.
"""

from __future__ import annotations

import os

from leadline.linux import files

_MEMORY = "/dev/mem"
_EFI = "/sys/firmware/efi/systab"
_BIOS = range(0xF0000, 0x100000)
_ENTRY = 64  # bytes that hold any entry point
_MODERN = (2, 8)


def from_memory(limit: int, memory: str = _MEMORY, efi: str = _EFI) -> bytes | None:
    """The table of this machine, at most ``limit`` bytes; None when memory is not to be read or has none."""
    try:
        descriptor = os.open(memory, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _table(descriptor, limit, efi_address(files.read(efi, 4096) or b""))
    except (OSError, OverflowError):  # the kernel refuses parts of the memory, or the address is no address
        return None
    finally:
        os.close(descriptor)


def _table(descriptor: int, limit: int, address: int | None) -> bytes | None:
    if address is None:
        area = os.pread(descriptor, len(_BIOS), _BIOS.start)
    else:
        # The kernel logs who reads over the border of the first MiB.
        border = _BIOS.stop - address if address < _BIOS.stop else _ENTRY
        area = os.pread(descriptor, min(_ENTRY, border), address)
    found = find(area)
    return os.pread(descriptor, min(found[1], limit), found[0]) if found else None


def efi_address(systab: bytes) -> int | None:
    """The address of the entry point in the text of /sys/firmware/efi/systab, of version 3 when there are two."""
    addresses = {}
    for line in systab.split(b"\n"):
        name, _, value = line.partition(b"=")
        try:
            addresses[name] = int(value, 16)
        except ValueError:
            continue
    return addresses.get(b"SMBIOS3", addresses.get(b"SMBIOS"))


def find(area: bytes) -> tuple[int, int] | None:
    """Address and length of the table, from the first entry point in a piece of memory; None when it has none."""
    for offset in range(0, len(area) - 14, 16):
        found = parse(area[offset : offset + _ENTRY])
        if found:
            return found
    return None


def parse(data: bytes) -> tuple[int, int] | None:
    """Address and length of the table, from an entry point of any version; None when the bytes are none."""
    if data.startswith(b"_SM3_") and len(data) >= 24 and _sound(data[: data[6]], 24):
        return int.from_bytes(data[16:24], "little"), int.from_bytes(data[12:16], "little")
    if data.startswith(b"_SM_"):
        data = data[16:]  # the older entry point, _DMI_, is the rest of the newer one
    if data.startswith(b"_DMI_") and len(data) >= 15 and _sound(data[:15], 15):
        return int.from_bytes(data[8:12], "little"), int.from_bytes(data[6:8], "little")
    return None


def version(data: bytes) -> tuple[int, int]:
    """The version of the format that an entry point names; one that machines of today have when it names none."""
    if data.startswith(b"_SM3_") and len(data) >= 9:
        return data[7], data[8]
    if data.startswith(b"_SM_") and len(data) >= 8:
        return data[6], data[7]
    if data.startswith(b"_DMI_") and len(data) >= 15:
        return data[14] >> 4, data[14] & 0xF
    return _MODERN


def _sound(data: bytes, length: int) -> bool:
    """Whether the bytes are as many as they must be and their sum is 0, as the format demands."""
    return len(data) >= length and sum(data) & 0xFF == 0
