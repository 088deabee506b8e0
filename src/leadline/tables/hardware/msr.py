"""The msr table."""

from __future__ import annotations

from leadline.linux import msr as registers
from leadline.sql.schema import BIGINT, LINUX, Column, Query, Rows, table

_TURBO_DISABLE = 1 << 38
_RATIO = 0xFFFF
_NUMBERS = [
    registers.MISC_ENABLE, registers.TURBO_RATIO_LIMIT, registers.PLATFORM_INFO, registers.PERF_CTL,
    registers.PERF_STATUS, registers.FEATURE_CONTROL, registers.PACKAGE_POWER_LIMIT, registers.PACKAGE_ENERGY_STATUS,
    registers.RAPL_POWER_UNIT,
]  # fmt: skip


@table(
    "msr",
    Column("processor_number", BIGINT, "Number of the processor, as in /proc/cpuinfo."),
    Column("turbo_disabled", BIGINT, "1 when turbo frequencies are switched off (IA32_MISC_ENABLE, bit 38)."),
    Column("turbo_ratio_limit", BIGINT, "MSR_TURBO_RATIO_LIMIT: highest ratios by cores in use, a byte each."),
    Column("platform_info", BIGINT, "MSR_PLATFORM_INFO: ratios the processor is made for."),
    Column("perf_ctl", BIGINT, "Performance state that is asked for (IA32_PERF_CTL, bits 0 to 15)."),
    Column("perf_status", BIGINT, "IA32_PERF_STATUS: performance state it is in."),
    Column("feature_control", BIGINT, "IA32_FEATURE_CONTROL: features that the firmware allows, such as VMX and SGX."),
    Column("rapl_power_limit", BIGINT, "MSR_PKG_POWER_LIMIT: limits of the package's power."),
    Column("rapl_energy_status", BIGINT, "MSR_PKG_ENERGY_STATUS: energy used by the package, in the unit below."),
    Column("rapl_power_units", BIGINT, "MSR_RAPL_POWER_UNIT: units of power, energy and time."),
    platforms=LINUX,
    live=True,
    asks="the running processors",
    examples=["SELECT processor_number, turbo_disabled, feature_control & 1 AS locked FROM msr"],
    notes=(
        "From /dev/cpu/N/msr, which needs root and the kernel's module msr; empty without either. A register that the"
        " processor does not have is NULL; the 64 bits of a register are shown as a signed number."
    ),
)
def msr(_: Query) -> Rows:
    """Model-specific registers of each processor, about turbo, power and features."""
    for processor in registers.processors():
        values = registers.read(registers.device(processor), _NUMBERS)
        if values is None:
            continue
        misc, turbo, platform, control, *others = values
        disabled = None if misc is None else int(misc & _TURBO_DISABLE != 0)
        asked = None if control is None else control & _RATIO
        yield processor, disabled, _signed(turbo), _signed(platform), asked, *map(_signed, others)


def _signed(value: int | None) -> int | None:
    return value - (1 << 64) if value is not None and value >> 63 else value
