from __future__ import annotations

import os
import struct
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
