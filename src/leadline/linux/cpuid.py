"""What the processor says about itself through its instruction CPUID. x86-64 only.

Sources: Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E; cpuid(4).
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Leaf = tuple[int, int]
    Registers = tuple[int, int, int, int]

DEVICE = "/dev/cpu/0/cpuid"
NOTHING = (0, 0, 0, 0)

# void ask(uint32_t registers[4]): leaf and subleaf come in the first two, and eax, ebx, ecx, edx go out
_CODE = bytes.fromhex(
    "53"  # push rbx, which the caller wants back
    "8b07"  # mov eax, [rdi]
    "8b4f04"  # mov ecx, [rdi+4]
    "0fa2"  # cpuid
    "8907"  # mov [rdi], eax
    "895f04"  # mov [rdi+4], ebx
    "894f08"  # mov [rdi+8], ecx
    "89570c"  # mov [rdi+12], edx
    "5b"  # pop rbx
    "c3"  # ret
)
_HYPERVISOR = 0x40000000


def read(leaves: Iterable[Leaf]) -> dict[Leaf, Registers] | None:
    """The registers eax, ebx, ecx and edx for each leaf and subleaf; None where there is no way to ask.

    A leaf beyond those that the processor has is answered with zeros: Intel's processors would repeat their last leaf.
    """
    if os.uname().machine != "x86_64" or sys.maxsize < 1 << 32:
        return None
    wanted = list(leaves)
    asked = dict.fromkeys([*((_family(leaf), 0) for leaf, _ in wanted), *wanted])
    found = from_device(DEVICE, asked) or from_instruction(asked)
    if found is None:
        return None
    return {one: found[one] if _has(found, one[0]) else NOTHING for one in wanted}


def _family(leaf: int) -> int:
    """The leaf that says which is the last of its kind."""
    return leaf & 0xC0000000


def _has(found: dict[Leaf, Registers], leaf: int) -> bool:
    # The hypervisor's leaves are there when the processor says that it runs below one; those say little about the last.
    return _family(leaf) == _HYPERVISOR or leaf <= found[_family(leaf), 0][0]


def from_device(path: str, leaves: Iterable[Leaf]) -> dict[Leaf, Registers] | None:
    """The answers of the kernel's driver, which root may ask; None when it is not there or refuses."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return {(leaf, subleaf): _registers(os.pread(descriptor, 16, leaf | subleaf << 32)) for leaf, subleaf in leaves}
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _registers(data: bytes) -> Registers:
    eax, ebx, ecx, edx = (int.from_bytes(data[at : at + 4], "little") for at in range(0, 16, 4))
    return eax, ebx, ecx, edx


def from_instruction(leaves: Iterable[Leaf]) -> dict[Leaf, Registers] | None:
    """The same from running the instruction, in memory that is never writable and executable at once.

    None where the kernel refuses such memory, as SELinux and systemd's MemoryDenyWriteExecute can make it.
    """
    try:
        import ctypes  # may ask for executable memory itself

        library = ctypes.CDLL(None, use_errno=True)
        library.mmap.restype = ctypes.c_void_p
        library.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *(ctypes.c_int,) * 3, ctypes.c_long)
        library.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
        descriptor = os.memfd_create("cpuid")
        try:
            os.write(descriptor, _CODE)
            address = library.mmap(None, len(_CODE), 0x1 | 0x4, 0x2, descriptor, 0)  # PROT_READ, PROT_EXEC; MAP_PRIVATE
        finally:
            os.close(descriptor)
    except (ImportError, AttributeError, MemoryError, OSError):
        return None
    if address in (None, ctypes.c_void_p(-1).value):
        return None
    try:
        ask = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)
        found = {}
        for leaf, subleaf in leaves:
            area = (ctypes.c_uint32 * 4)(leaf, subleaf)
            ask(ctypes.addressof(area))
            found[leaf, subleaf] = (area[0], area[1], area[2], area[3])
        return found
    finally:
        library.munmap(address, len(_CODE))
