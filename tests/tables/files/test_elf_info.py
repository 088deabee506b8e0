from __future__ import annotations

import os
import subprocess
import sys


def test_a_program_of_this_machine(live) -> None:
    path = os.path.realpath(sys.executable)
    (row,) = live(f"SELECT * FROM elf_info WHERE path = '{path}'")
    assert row["path"] == path
    assert row["type"] in ("DYN", "EXEC")
    header = subprocess.run(["readelf", "-hd", path], capture_output=True, text=True, check=True).stdout
    assert row["entry"] in header
    for name in row["needed"].split(","):
        assert f"[{name}]" in header


def test_patterns_and_lists_leave_out_what_is_no_elf(ask, tmp_path) -> None:
    with open("/bin/true", "rb") as program:
        data = program.read()
    for name in ("bin/folder", "lib"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("bin/one", "bin/two", "lib/three"):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "bin" / "script").write_text("#!/bin/sh\n")
    os.symlink("/bin/one", tmp_path / "bin" / "link")
    os.symlink("/proc/self/exe", tmp_path / "bin" / "out")
    root = str(tmp_path)
    rows = ask("SELECT path FROM elf_info WHERE path LIKE '/bin/%'", root)
    assert [row["path"] for row in rows] == ["/bin/link", "/bin/one", "/bin/two"]
    rows = ask("SELECT path, stripped FROM elf_info WHERE path IN ('/lib/three', '/bin/script', '/gone')", root)
    assert rows == [{"path": "/lib/three", "stripped": 1}]


def test_programs_of_processes_by_a_join(live) -> None:
    rows = live(
        "SELECT e.machine FROM processes p JOIN elf_info e USING (path)"
        f" WHERE p.pid = {os.getpid()} AND e.interpreter IS NOT NULL"
    )
    assert len(rows) == 1
