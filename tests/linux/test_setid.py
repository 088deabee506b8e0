"""Programs with set-id bits, on trees with what hides them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from leadline.linux import setid


def program(path: Path, mode: int = 0o4755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def found(root: Path | str, *places: str) -> list[str]:
    return sorted(path for path, _ in setid.programs(str(root), places, lambda: False))


def test_regular_files_with_either_bit_are_found(tmp_path) -> None:
    program(tmp_path / "bin/user", 0o4755)
    program(tmp_path / "bin/group", 0o2755)
    program(tmp_path / "bin/deep/er/both", 0o6700)
    program(tmp_path / "bin/none", 0o1755)
    (tmp_path / "bin/folder").mkdir()
    (tmp_path / "bin/folder").chmod(0o2775)
    os.mkfifo(tmp_path / "bin/pipe")
    (tmp_path / "bin/pipe").chmod(0o4755)
    assert found(tmp_path, "/bin", "/missing") == ["/bin/deep/er/both", "/bin/group", "/bin/user"]


def test_links_to_programs_count_and_links_to_directories_are_not_entered(tmp_path) -> None:
    program(tmp_path / "opt/tool")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/link").symlink_to("/opt/tool")
    (tmp_path / "bin/nowhere").symlink_to("missing")
    (tmp_path / "bin/self").symlink_to("self")
    (tmp_path / "bin/opt").symlink_to("/opt")
    assert found(tmp_path, "/bin") == ["/bin/link"]
    (tmp_path / "bin/out").symlink_to(program(tmp_path.parent / "outside"))
    assert found(tmp_path, "/bin") == ["/bin/link"]


def test_places_that_are_one_directory_are_told_by_every_name(tmp_path) -> None:
    program(tmp_path / "usr/bin/su")
    (tmp_path / "bin").symlink_to("usr/bin")
    (tmp_path / "sbin").symlink_to("/bin")
    assert found(tmp_path, *setid.PLACES) == ["/bin/su", "/sbin/su", "/usr/bin/su"]


def test_a_program_below_a_path_longer_than_the_system_takes_is_found(tmp_path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(60):  # 12,000 characters
        os.mkdir("d" * 200, dir_fd=folder)
        inner = os.open("d" * 200, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    handle = os.open("hidden", os.O_CREAT | os.O_WRONLY, 0o755, dir_fd=folder)
    os.fchmod(handle, 0o4755)
    os.close(handle)
    os.symlink("hidden", "link", dir_fd=folder)
    os.close(folder)
    paths = found("", str(tmp_path))
    assert [path.rpartition("/")[2] for path in paths] == ["hidden", "link"]
    assert len(paths[0]) > 12_000


def test_more_directories_than_are_kept_are_all_looked_at(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(setid, "_WAITING", 3)
    expected = [f"/t/{one}/{two}/p" for one in range(6) for two in range(6)]
    for path in expected:
        program(tmp_path / path[1:])
    assert found(tmp_path, "/t") == expected


def test_a_search_that_nobody_wants_any_more_ends(tmp_path) -> None:
    program(tmp_path / "bin/su")
    assert list(setid.programs(str(tmp_path), ("/bin",), lambda: True)) == []


def test_names_that_are_no_text_are_found(tmp_path) -> None:
    program(Path(os.fsdecode(os.fsencode(tmp_path) + b"/bin/\xff\xfe")))
    assert found(tmp_path, "/bin") == ["/bin/\udcff\udcfe"]


def test_what_may_not_be_read_is_left_out(tmp_path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    program(tmp_path / "bin/closed/su")
    (tmp_path / "bin/closed").chmod(0)
    assert found(tmp_path, "/bin") == []
    (tmp_path / "bin/closed").chmod(0o700)
