"""cpuid, msr and intel_me_info: this machine's, against what the kernel says of the same processor."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leadline.sql.schema import Query
from leadline.tables.hardware.cpuid import rows
from leadline.tables.hardware.msr import msr

Ask = Callable[..., list[dict[str, Any]]]
needs_x86 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="CPUID is an instruction of x86-64")

# Features under the names that /proc/cpuinfo has for the same bits. The kernel hides some of those it does not use.
FLAGS = {
    "pae": "pae", "msr": "msr", "mtrr": "mtrr", "clfsh": "clflush", "mmz": "mmx", "sse": "sse", "sse2": "sse2",
    "sse3": "pni", "ssse3": "ssse3", "sse4.1": "sse4_1", "sse4.2": "sse4_2", "aes": "aes", "avx": "avx", "avx2": "avx2",
    "bmi2": "bmi2", "rdseed": "rdseed", "adx": "adx", "sha": "sha_ni", "hypervisor": "hypervisor", "nx": "nx",
    "page1gb": "pdpe1gb", "lm": "lm", "vmx": "vmx", "svm": "svm",
}  # fmt: skip


def cpuinfo(key: str) -> str:
    for line in Path("/proc/cpuinfo").read_text().split("\n"):
        if line.startswith(f"{key}\t"):
            return line.partition(": ")[2]
    pytest.skip(f"/proc/cpuinfo has no {key}")


@needs_x86
def test_cpuid_says_what_the_kernel_says(live: Ask) -> None:
    values = {row["feature"]: row["value"] for row in live("SELECT * FROM cpuid")}
    assert values["vendor"] == cpuinfo("vendor_id")
    assert values["product_name"].strip() == cpuinfo("model name").strip()
    assert int(values["family"], 16) >> 8 == min(int(cpuinfo("cpu family")), 15)
    flags = cpuinfo("flags").split()
    assert values["hypervisor"] == str(int("hypervisor" in flags))
    assert [name for name, flag in FLAGS.items() if flag in flags and values[name] != "1"] == []


@needs_x86
def test_cpuid_names_register_bit_and_leaf_of_each_feature(live: Ask) -> None:
    found = live("SELECT * FROM cpuid WHERE feature IN ('avx2', 'lm', 'serial', 'sgx1', 'spec_ctrl') ORDER BY feature")
    assert [(row["feature"], row["output_register"], row["output_bit"], row["input_eax"]) for row in found] == [
        ("avx2", "ebx", 5, "7"),
        ("lm", "edx", 29, "2147483649"),
        ("serial", "eax,eax,ecx", 0, "1,3"),
        ("sgx1", "eax,ebx,ecx,edx", 0, "18,1"),
        ("spec_ctrl", "edx", 26, "7"),
    ]
    sql = "SELECT count(*), count(DISTINCT feature) FROM cpuid WHERE feature <> 'hypervisor_id'"
    assert [tuple(row.values()) for row in live(sql)] == [(68, 68)]


INTEL = {
    (0, 0): (0x16, 0x756E6547, 0x6C65746E, 0x49656E69),
    (1, 0): (0x000906EA, 0x00100800, 0x7FFAFBBF, 0xBFEBFBFF),
    (3, 0): (0, 0, 0, 0),
    (7, 0): (0, 0x029C67AF, 0x40000000, 0xBC000600),
    (0x12, 0): (1, 0, 0, 0x241F),
    (0x12, 1): (0x36, 0, 0x1F, 0),
    (0x40000000, 0): (7, 0x16, 0, 0),
    (0x80000001, 0): (0, 0, 0x121, 0x2C100800),
    (0x80000002, 0): (0x65746E49, 0x2952286C, 0x726F4320, 0x4D542865),
    (0x80000003, 0): (0x37692029, 0x3037382D, 0x50432030, 0x20402055),
    (0x80000004, 0): (0x30322E33, 0x007A4847, 0, 0),
}


def test_cpuid_without_a_hypervisor_has_no_id_of_one() -> None:
    found = {row[0]: row[1] for row in rows(INTEL)}
    assert found["vendor"] == "GenuineIntel"
    assert found["product_name"] == "Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz"
    assert found["family"] == "0600"
    assert found["serial"] == "000906ea0000000000000000"
    assert found["sgx0"] == "00000001" + "00000000" * 2 + "0000241f"
    assert (found["vmx"], found["sgx"], found["svm"], found["hypervisor"]) == ("1", "1", "0", "0")
    assert "hypervisor_id" not in found


@pytest.mark.parametrize(
    ("table", "asked"), [("cpuid", "processors"), ("msr", "processors"), ("intel_me_info", "machine")]
)
def test_processors_have_no_rows_for_another_root(ask: Ask, tmp_path: Path, table: str, asked: str) -> None:
    warnings: list[str] = []
    assert ask(f"SELECT * FROM {table}", str(tmp_path), warn=lambda name, message: warnings.append(message)) == []
    assert warnings == [f"{table} asks the running {asked} and has no rows for another root"]


def test_msr_has_a_row_for_each_processor_with_the_driver(live: Ask) -> None:
    drivers = sorted(int(path.parent.name) for path in Path("/dev/cpu").glob("[0-9]*/msr"))
    assert [row["processor_number"] for row in live("SELECT * FROM msr")] == drivers


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in the place of /dev/cpu."""
    monkeypatch.setattr("leadline.linux.msr.DIRECTORY", str(tmp_path))
    return tmp_path


def test_msr_takes_registers_apart(devices: Path) -> None:
    for processor in (10, 2):
        (devices / str(processor)).mkdir()
    (devices / "microcode").write_bytes(b"")
    with (devices / "2/msr").open("wb") as file:
        for number, data in {
            0x3A: b"\5",
            0xCE: b"\0\0\0\0\0\0\0\x80",
            0x1A0: bytes(4) + b"\x40",
            0x1AD: b"\x2b\x2b\x2c\x2d",
            0x198: b"\1\2\3\4\5\6\7\x08\x09",  # and the next register, which the driver has one byte further
            0x606: b"\x03\x0e\x0a",
            0x611: b"\7",
            0x618: b"\0",
        }.items():
            file.seek(number)
            file.write(data)
    generator = next(iter(msr.generators.values()))
    assert list(generator(Query())) == [
        (2, 1, 0x2D2C2B2B, -(1 << 63), 0x0302, 0x0807060504030201, 5, 0x700, 7, 0x0A0E03)
    ]
