from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from leadline.linux import cpuid

needs_x86 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="CPUID is an instruction of x86-64")
# Leaves whose answers do not depend on the core that gives them, nor on when.
FIXED = [(0, 0), (7, 0), (0x80000000, 0), (0x80000001, 0), (0x80000002, 0), (0x80000003, 0), (0x80000004, 0)]


@needs_x86
def test_the_instruction_tells_the_vendor_that_the_kernel_knows() -> None:
    found = cpuid.from_instruction([(0, 0)])
    assert found is not None
    _, ebx, ecx, edx = found[0, 0]
    assert f"vendor_id\t: {struct.pack('<III', ebx, edx, ecx).decode()}\n" in Path("/proc/cpuinfo").read_text()


@needs_x86
def test_driver_and_instruction_agree() -> None:
    driver = cpuid.from_device(cpuid.DEVICE, FIXED)
    if driver is None:
        pytest.skip("the module cpuid is not loaded, or this is not root")
    assert driver == cpuid.from_instruction(FIXED)


@needs_x86
def test_leaves_beyond_the_last_are_zeros() -> None:
    found = cpuid.read([(0, 0), (0x3FFFFFFF, 0), (0xBFFFFFFF, 0)])
    assert found is not None
    assert list(found) == [(0, 0), (0x3FFFFFFF, 0), (0xBFFFFFFF, 0)]
    assert found[0x3FFFFFFF, 0] == found[0xBFFFFFFF, 0] == cpuid.NOTHING


def test_the_driver_is_asked_at_the_place_of_leaf_and_subleaf(tmp_path: Path) -> None:
    device = tmp_path / "cpuid"
    with device.open("wb") as file:
        file.seek(7)
        file.write(struct.pack("<IIII", 1, 2, 3, 4))
        file.seek(0x12 | 1 << 32)
        file.write(struct.pack("<IIII", 5, 6, 7, 0xFFFFFFFF))
    assert cpuid.from_device(str(device), [(7, 0), (0x12, 1)]) == {
        (7, 0): (1, 2, 3, 4),
        (0x12, 1): (5, 6, 7, 0xFFFFFFFF),
    }
    assert cpuid.from_device(str(tmp_path / "none"), FIXED) is None
    assert cpuid.from_device(str(tmp_path), FIXED) is None


def child(preparation: str) -> str:
    """What a process that is prepared so gets from the instruction for leaf 0."""
    program = (
        f"import ctypes, struct; libc = ctypes.CDLL(None, use_errno=True)\n{preparation}\n"
        "from leadline.linux import cpuid; print(cpuid.from_instruction([(0, 0)]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@needs_x86
def test_memory_that_must_not_become_executable_does_not_have_to() -> None:
    refused = "assert libc.prctl(65, 1, 0, 0, 0) == 0 or ctypes.get_errno() == 22"  # PR_SET_MDWE; since Linux 6.3
    assert child(refused) == str(cpuid.from_instruction([(0, 0)]))


# struct sock_filter: refuse, with EPERM, calls of mmap (9) whose protection has PROT_EXEC (4), and allow the others
FILTER = """
code = [(0x20, 0, 0, 0), (0x15, 0, 3, 9), (0x20, 0, 0, 32), (0x45, 0, 1, 4)]
code += [(0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7FFF0000)]
data = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *one) for one in code))
program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(code), ctypes.addressof(data)))
assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
assert libc.prctl(22, 2, program, 0, 0) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
"""


@needs_x86
def test_without_executable_memory_there_is_no_answer() -> None:
    assert child(FILTER) == "None"
