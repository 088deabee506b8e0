"""Model-specific registers of Intel's processors. Source: msr(4), Intel SDM volume 4."""

from __future__ import annotations

import os

from leadline.linux import files

DIRECTORY = "/dev/cpu"

FEATURE_CONTROL = 0x3A
PLATFORM_INFO = 0xCE
PERF_STATUS = 0x198
PERF_CTL = 0x199
MISC_ENABLE = 0x1A0
TURBO_RATIO_LIMIT = 0x1AD
RAPL_POWER_UNIT = 0x606
PACKAGE_POWER_LIMIT = 0x610
PACKAGE_ENERGY_STATUS = 0x611


def processors() -> list[int]:
    """The numbers of the processors that have a directory for their drivers."""
    return sorted(int(name) for name in files.names(DIRECTORY) if name.isascii() and name.isdigit())


def device(processor: int) -> str:
    """Where the driver answers for a processor, when it is loaded."""
    return f"{DIRECTORY}/{processor}/msr"


def read(path: str, numbers: list[int]) -> list[int | None] | None:
    """The values (unsigned, 64 bits) of the registers, None for those the processor lacks; None without the driver."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return [_register(descriptor, number) for number in numbers]
    finally:
        os.close(descriptor)


def _register(descriptor: int, number: int) -> int | None:
    try:
        data = os.pread(descriptor, 8, number)
    except OSError:  # EIO: the processor has no such register
        return None
    return int.from_bytes(data, "little") if len(data) == 8 else None
