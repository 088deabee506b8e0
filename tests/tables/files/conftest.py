from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small directory tree with what file systems hold besides files."""
    import os
    import socket

    top = tmp_path / "tree"
    (top / "alpha/deep/deeper").mkdir(parents=True)
    (top / "alpha-beta").mkdir()
    (top / ".hidden").mkdir()
    (top / "alpha/a.conf").write_text("a")
    (top / "alpha/deep/b.conf").write_text("bb")
    (top / "alpha/deep/deeper/c.txt").write_text("ccc")
    (top / "alpha-beta/d.conf").write_text("dddd")
    (top / ".hidden/.e").write_text("eeeee")
    (top / "zero").write_text("")
    (top / "under_score").write_text("_")
    (top / "underXscore").write_text("X")
    (top / "link").symlink_to("zero")
    (top / "nowhere").symlink_to("not/here")
    (top / "folder").symlink_to("alpha/deep")
    (top / "alpha/loop").symlink_to("..")
    (top / "self").symlink_to("self")
    os.mkfifo(top / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(top / "socket"))
    return top
