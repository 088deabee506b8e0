from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path

import psutil


def test_the_captured_root(answer, root) -> None:
    assert answer("SELECT * FROM system_info", root) == [
        (
            "web01.example.test",
            "4c4c4544-0051-3010-8052-b4c04f4e3332",
            "aarch64",
            "142",
            "Example CPU  i5 @ 1.60GHz",
            2,
            4,
            1,
            "0xf0",
            2030520 * 1024,
            "LENOVO",
            "ThinkPad Test",
            "20XX0001",
            "SN-0001",
            "LENOVO",
            "20XX",
            "SDK0",
            None,
            "web01",
            "web01.example.test",
        )
    ]


def test_live(answer) -> None:
    sql = "SELECT computer_name, cpu_type, cpu_logical_cores, physical_memory, hostname FROM system_info"
    name, machine, cores, memory, full = answer(sql)[0]
    assert (name, machine, cores) == (socket.gethostname(), os.uname().machine, os.cpu_count())
    assert memory == psutil.virtual_memory().total
    assert full


def test_without_an_id_in_the_firmware_one_is_derived_from_the_machine_id(answer, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    firmware = tmp_path / "sys/class/dmi/id/product_uuid"
    firmware.parent.mkdir(parents=True)
    (tmp_path / "etc/machine-id").write_text("0f1e2d3c4b5a69788796a5b4c3d2e1f0\n")
    firmware.write_text("03000200-0400-0500-0006-000700080009\n")  # a known placeholder
    derived = answer("SELECT uuid FROM system_info", str(tmp_path))[0][0]
    assert uuid.UUID(derived).version == 4
    assert derived.replace("-", "") != "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
    firmware.unlink()
    assert answer("SELECT uuid FROM system_info", str(tmp_path)) == [(derived,)]
    (tmp_path / "etc/machine-id").write_text("uninitialized\n")
    assert answer("SELECT uuid FROM system_info", str(tmp_path)) == [("",)]


def test_the_running_program_knows_its_id_best(answer) -> None:
    assert answer("SELECT uuid FROM system_info", runtime=Known()) == [("11111111-2222-4333-8444-555555555555",)]


class Known:
    """A program that keeps an id."""

    def info(self) -> dict[str, object]:
        return {"uuid": "11111111-2222-4333-8444-555555555555"}

    def flags(self) -> list[tuple[str, str, str, str, str, int]]:
        return []

    def registry(self) -> list[tuple[str, str, int, int, int]]:
        return []


def test_an_empty_root_gives_one_row_of_little(answer, tmp_path) -> None:
    row = answer("SELECT hostname, uuid, cpu_type, cpu_logical_cores, physical_memory FROM system_info", str(tmp_path))
    assert row == [("", "", None, 0, None)]


def test_more_memory_than_there_can_be_is_not_known(answer, tree) -> None:
    root = tree({"proc/meminfo": f"MemTotal: {'9' * 18} kB\n"})
    assert answer("SELECT physical_memory FROM system_info", root) == [(None,)]
