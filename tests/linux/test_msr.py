from __future__ import annotations

from pathlib import Path

from leadline.linux import msr


def test_registers_are_at_the_place_of_their_number(tmp_path: Path) -> None:
    device = tmp_path / "msr"
    with device.open("wb") as file:
        file.seek(msr.PLATFORM_INFO)
        file.write(b"\1\2\3\4\5\6\7\xff")
        file.seek(msr.PERF_STATUS)
        file.write(b"\1\2\3\4")
    values = msr.read(str(device), [msr.PLATFORM_INFO, msr.FEATURE_CONTROL, msr.PERF_STATUS, msr.PACKAGE_POWER_LIMIT])
    assert values == [0xFF07060504030201, 0, None, None]


def test_without_the_driver_there_are_no_values(tmp_path: Path) -> None:
    assert msr.read(str(tmp_path / "none"), [msr.PLATFORM_INFO]) is None
    assert msr.read(str(tmp_path), [msr.PLATFORM_INFO]) == [None]
