"""The cpuid table."""

from __future__ import annotations

from leadline.linux import cpuid as processor
from leadline.linux.text import decode
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.linux.cpuid import Leaf, Registers

_BASIC, _FEATURES, _SERIAL, _MORE_FEATURES, _SGX = 0, 1, 3, 7, 0x12
_HYPERVISOR = 0x40000000
_EXTENDED_FEATURES = 0x80000001
_NAME = (0x80000002, 0x80000003, 0x80000004)
_LEAVES = [
    (_BASIC, 0), (_FEATURES, 0), (_SERIAL, 0), (_MORE_FEATURES, 0), (_SGX, 0), (_SGX, 1), (_HYPERVISOR, 0),
    (_EXTENDED_FEATURES, 0), *((leaf, 0) for leaf in _NAME),
]  # fmt: skip
_REGISTERS = ("eax", "ebx", "ecx", "edx")

# Names, registers and bits are osquery's, `mmz` for MMX among them.
_BITS = {
    _FEATURES: {
        "edx": {
            "pae": 6, "msr": 5, "sep": 11, "mtrr": 12, "pge": 13, "mca": 14, "pat": 16, "clfsh": 19, "acpi": 22,
            "mmz": 23, "sse": 25, "sse2": 26, "ss": 27, "htt": 28, "ia64": 30,
        },
        "ecx": {
            "sse3": 0, "vmx": 5, "smx": 6, "ssse3": 9, "sdbg": 11, "pdcm": 15, "pcid": 17, "dca": 18, "sse4.1": 19,
            "sse4.2": 20, "aes": 25, "avx": 28, "hypervisor": 31,
        },
    },
    _MORE_FEATURES: {
        "ebx": {
            "sgx": 2, "hle": 4, "avx2": 5, "smep": 7, "bmi2": 8, "erms": 9, "invpcid": 10, "rtm": 11, "pqm": 12,
            "mpx": 14, "pqe": 15, "avx512f": 16, "avx512dq": 17, "rdseed": 18, "adx": 19, "smap": 20, "intel_pt": 25,
            "sha": 29,
        },
        "ecx": {"umip": 2, "pku": 3, "ospke": 4, "gfni": 8, "vaes": 9, "sgx_lc": 30},
        "edx": {"spec_ctrl": 26},
    },
    _EXTENDED_FEATURES: {
        "ecx": {"lahfsahf": 0, "svm": 2, "3dnowprefetch": 8, "ibs": 10, "skinit": 12, "lwp": 15},
        "edx": {"nx": 20, "page1gb": 26, "lm": 29},
    },
}  # fmt: skip


@table(
    "cpuid",
    Column("feature", TEXT, "Name of the feature, or of the text or number that is told."),
    Column("value", TEXT, "1 when the processor has the feature, else 0; the text, or a number in hexadecimal."),
    Column("output_register", TEXT, "Registers that the value is taken from."),
    Column("output_bit", INTEGER, "Bit of the register; 0 for texts and numbers."),
    Column("input_eax", TEXT, "Leaf that is asked for: the value of EAX, and of ECX behind a comma."),
    platforms=LINUX,
    live=True,
    asks="the running processors",
    examples=[
        "SELECT feature, value FROM cpuid WHERE feature IN ('vendor', 'product_name')",
        "SELECT feature FROM cpuid WHERE value = '1' AND output_bit > 0",
    ],
    notes=(
        "From the instruction CPUID, through /dev/cpu/0/cpuid or run by the process itself; x86-64 only. Needs no"
        " rights, but where the process may neither open the device nor have executable memory there are no rows."
        " Leaves that the processor does not have count as zero, and `hypervisor_id` is left out where there is no"
        " hypervisor."
    ),
)
def cpuid(query: Query) -> Rows:
    """Features of the processor, its names and numbers."""
    found = processor.read(_LEAVES)
    if found is None:
        query.warn("cpuid: the processor is no x86-64, or must not be asked")
        return
    yield from rows(found)


def rows(found: dict[Leaf, Registers]) -> Rows:
    """The rows, from the registers of all leaves in _LEAVES."""
    _, ebx, ecx, edx = found[_BASIC, 0]
    yield "vendor", _text(ebx, edx, ecx), "ebx,edx,ecx", 0, "0"
    yield (
        "product_name",
        _text(*(value for leaf in _NAME for value in found[leaf, 0])),
        ",".join(_REGISTERS),
        0,
        ("0x80000002"),
    )
    signature, _, features, _ = found[_FEATURES, 0]
    if features >> 31 & 1:
        yield "hypervisor_id", _digits(*found[_HYPERVISOR, 0][1:]), "ebx,ecx,edx", 0, "0x40000000"
    serial = found[_SERIAL, 0]
    yield "serial", _digits(signature, serial[0], serial[2]), "eax,eax,ecx", 0, "1,3"
    yield "family", f"{signature & 0xF00:04x}", "eax", 0, "1"
    for leaf, registers in _BITS.items():
        for register, bits in registers.items():
            value = found[leaf, 0][_REGISTERS.index(register)]
            for feature, bit in bits.items():
                yield feature, str(value >> bit & 1), register, bit, str(leaf)
    yield "sgx0", _digits(*found[_SGX, 0]), ",".join(_REGISTERS), 0, str(_SGX)
    yield "sgx1", _digits(*found[_SGX, 1]), ",".join(_REGISTERS), 0, f"{_SGX},1"


def _text(*values: int) -> str:
    data = b"".join(value.to_bytes(4, "little") for value in values)
    return decode(data.split(b"\0", 1)[0])


def _digits(*values: int) -> str:
    return "".join(f"{value:08x}" for value in values)
