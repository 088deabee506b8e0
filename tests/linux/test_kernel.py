from __future__ import annotations

import os
from pathlib import Path

import psutil

from leadline.linux import kernel

ROOT = str(Path(__file__).parents[1] / "roots" / "debian12")


def test_uptime_is_in_whole_seconds() -> None:
    assert kernel.uptime(ROOT) == 93784
    assert kernel.uptime("/nowhere") is None


def test_loads_of_another_root_come_from_its_file() -> None:
    assert kernel.load(ROOT) == (0.52, 0.08, 12.5)
    assert kernel.load("/nowhere") == ()
    assert kernel.load("") == os.getloadavg()


def test_memory_is_in_bytes_and_counts_are_not() -> None:
    memory = kernel.memory(ROOT)
    assert memory["MemTotal"] == 2030520 * 1024
    assert memory["Active(anon)"] == 220000 * 1024
    assert memory["HugePages_Total"] == 3
    assert kernel.memory("/nowhere") == {}
    assert kernel.memory("")["MemTotal"] == psutil.virtual_memory().total


def test_times_of_each_processor_without_the_sum() -> None:
    assert list(kernel.processor_times(ROOT)) == [
        (0, 2600, 60, 1500, 450000, 300, 0, 40, 6, 5, 3),
        (1, 2400, 40, 1500, 450000, 400, 0, 5, 6, 3, 1),
    ]
    assert len(list(kernel.processor_times(""))) == psutil.cpu_count()


def test_times_that_an_old_kernel_does_not_count_are_zero(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "stat").write_text("cpu  1 2 3 4\ncpu0 1 2 3 4\nbtime 5\n")
    assert list(kernel.processor_times(str(tmp_path))) == [(0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0)]


def test_the_release_is_the_third_word() -> None:
    assert kernel.release(ROOT) == "6.1.0-13-amd64"
    assert kernel.release("/nowhere") is None
    assert kernel.release("") == os.uname().release


def test_the_command_line_is_split_into_words() -> None:
    assert kernel.arguments(ROOT) == [
        "BOOT_IMAGE=/boot/vmlinuz-6.1.0-13-amd64",
        "root=UUID=0f1e2d3c-0000-4000-8000-000000000001",
        "ro",
        "quiet",
        "net.ifnames=0",
    ]
    assert kernel.arguments("/nowhere") is None
