from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """A directory with files that have attributes."""
    folder = tmp_path / "labelled"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / name).write_text(name)
    try:
        os.setxattr(folder / "a", "user.text", b"Hello, osquery!\0")
        os.setxattr(folder / "a", "user.bytes", b"\1\1\1\1")
        os.setxattr(folder / "b", "user.empty", b"")
    except OSError:
        pytest.skip("the file system of the tests has no extended attributes")
    (folder / "link").symlink_to("a")
    return folder


def test_attributes_have_a_row_each(answer, labelled) -> None:
    assert answer(f"SELECT * FROM extended_attributes WHERE path = '{labelled}/a'") == [
        (f"{labelled}/a", str(labelled), "user.bytes", "AQEBAQ==", 1),
        (f"{labelled}/a", str(labelled), "user.text", "Hello, osquery!", 0),
    ]


def test_files_are_found_by_directory_and_by_pattern(answer, labelled) -> None:
    expected = [("a", "user.bytes"), ("a", "user.text"), ("b", "user.empty"), ("link", "user.bytes"),
                ("link", "user.text")]  # fmt: skip
    for where in (f"directory = '{labelled}'", f"path LIKE '{labelled}/%'", f"path GLOB '{labelled}/*'"):
        rows = answer(f"SELECT path, key FROM extended_attributes WHERE {where}")
        assert [(path.rpartition("/")[2], key) for path, key in rows] == expected, where
    assert answer(f"SELECT key FROM extended_attributes WHERE path IN ('{labelled}/b', '/missing')") == [
        ("user.empty",)
    ]


def test_capabilities_are_spelled_out(answer, labelled, tool) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may set capabilities")
    tool("setcap", "cap_dac_override,cap_net_admin,cap_net_raw+eip", labelled / "c")
    assert answer(f"SELECT key, value, base64 FROM extended_attributes WHERE path = '{labelled}/c'") == [
        ("security.capability", "cap_dac_override,cap_net_admin,cap_net_raw=eip", 0)
    ]


def test_links_stay_within_a_root(answer, tmp_path, labelled) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/inside").write_text("")
    os.setxattr(root / "etc/inside", "user.place", b"in\0")
    (root / "etc/link").symlink_to("/etc/inside")
    (root / "etc/out").symlink_to(labelled / "a")
    rows = answer("SELECT path, value FROM extended_attributes WHERE directory = '/etc'", str(root))
    assert rows == [("/etc/inside", "in"), ("/etc/link", "in")]


def test_neither_a_pipe_nor_a_device_is_opened(answer, tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert answer(f"SELECT * FROM extended_attributes WHERE path IN ('{tmp_path}/pipe', '/dev/tty')") == []
