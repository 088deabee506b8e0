"""The magic table, with file(1) as the judge."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.linux import isolated, libmagic

Ask = Callable[..., list[dict[str, Any]]]
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x02\x08\x06\0\0\0"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Files of several kinds."""
    for name, content in {
        "image": PNG,
        "packed": gzip.compress(b"x", mtime=0),
        "script": b"#!/bin/sh\necho\n",
        "latin": "für\n".encode("latin-1"),
        "utf8": "für\n".encode(),
        "empty": b"",
        "page": b"<!DOCTYPE html><html><body></body></html>\n",
        "document.json": b'{"a": 1}\n',
        "na\xffme".encode("latin-1").decode("utf-8", "surrogateescape"): b"%PDF-1.7\n",
    }.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("utf8")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


def judged(path: str, *options: str) -> str:
    program = shutil.which("file")
    if program is None:
        pytest.skip("file is not installed")
    return subprocess.run([program, "-b", *options, path], capture_output=True, text=True, check=True).stdout.strip()


def test_files_are_told_by_what_is_in_them(ask: Ask, files: Path) -> None:
    rows = ask(f"SELECT * FROM magic WHERE path IN ('{files}/image', '{files}/utf8', '{files}/none', '{files}/link')")
    database = f"{libmagic.home()}/magic.mgc"
    assert [tuple(row.values()) for row in rows] == [
        (f"{files}/image", database, "PNG image data, 1 x 2, 8-bit/color RGBA, non-interlaced", "image/png", "binary"),
        (f"{files}/link", database, "symbolic link to utf8", "inode/symlink", "binary"),
        (f"{files}/utf8", database, "Unicode text, UTF-8 text", "text/plain", "utf-8"),
    ]


def test_file_says_the_same(ask: Ask, files: Path) -> None:
    rows = ask(f"SELECT path, data, mime_type, mime_encoding FROM magic WHERE path LIKE '{files}/%'")
    assert len(rows) == 12
    for row in rows:
        path = row["path"].rstrip("/").replace("\\xFF", "\udcff")
        assert row["mime_type"] == judged(path, "--mime-type")
        assert row["mime_encoding"] == judged(path, "--mime-encoding")
        if not path.endswith(("packed", ".json")):  # of these, versions of libmagic have different words
            assert row["data"] == judged(path)


def test_programs_of_this_machine_are_told_as_file_tells_them(ask: Ask) -> None:
    for row in ask(
        "SELECT path, mime_type FROM magic WHERE path IN ('/bin/sh', '/usr/bin/env', '/etc/passwd', '/dev/null')"
    ):
        assert row["mime_type"] == judged(row["path"], "--mime-type")


def test_other_databases_are_used(ask: Ask, files: Path) -> None:
    (files / "mine").write_text("0\tstring\tfür\tours\n!:mime\tapplication/x-ours\n")
    rows = ask(f"SELECT * FROM magic WHERE path = '{files}/utf8' AND magic_db_files = '{files}/mine'")
    assert [(row["data"], row["mime_type"], row["magic_db_files"]) for row in rows] == [
        ("ours", "application/x-ours", f"{files}/mine")
    ]


def test_a_database_that_is_missing_is_said_once(ask: Ask, files: Path) -> None:
    said: list[str] = []
    rows = ask(f"SELECT * FROM magic WHERE path LIKE '{files}/%' AND magic_db_files = '/nowhere'",
               warn=lambda *words: said.append(words[-1]))  # fmt: skip
    assert rows == []
    assert len(said) == 1
    assert "/nowhere" in said[0]


def test_another_root_is_not_left(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "image").write_bytes(PNG)
    (tmp_path / "etc/alias").symlink_to("/")
    rows = ask("SELECT path, mime_type FROM magic WHERE path = '/etc/alias/image'", str(tmp_path))
    assert rows == [{"path": "/etc/alias/image", "mime_type": "image/png"}]


def test_a_file_that_ends_the_child_takes_no_other_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "crashing_child.py").write_text(
        "import ctypes\n"
        "def rows(arguments, fed):\n"
        " for (name,) in fed:\n"
        "  if name == 'bad': ctypes.string_at(0)\n"
        "  yield (name.upper(),)\n"
        "  yield ()\n"
    )
    failures: list[Any] = []
    items = [["a"], ["bad"], ["b"], ["c"], ["bad"], ["d"]]
    found = isolated.answers("crashing_child", (), items, lambda: False, 10, 200,
                             failed=lambda item, reason: failures.append((item, reason)))  # fmt: skip
    assert [(item, rows) for item, rows in found] == [(one, [(one[0].upper(),)]) for one in items if one != ["bad"]]
    assert failures == [(["bad"], "was ended by signal 11")] * 2


def test_children_that_only_end_are_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "dying_child.py").write_text(
        "def rows(arguments, fed):\n next(fed)\n raise OSError('gone')\n yield ()\n"
    )
    failures: list[Any] = []
    found = isolated.answers("dying_child", (), ([number] for number in range(1000)), lambda: False, 10, 200,
                             failed=lambda item, reason: failures.append(item))  # fmt: skip
    with pytest.raises(isolated.ChildError, match="gone"):
        list(found)
    assert failures == [[0], [1], [2]]


HOSTILE = [PNG * 1000, b"\x7fELF" + b"\xff" * 500, gzip.compress(b"\0" * 100_000)]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=200) | st.sampled_from(HOSTILE), min_size=8, max_size=8))
def test_whatever_files_hold_the_table_answers(ask: Ask, tmp_path: Path, contents: list[bytes]) -> None:
    for number, content in enumerate(contents):
        (tmp_path / str(number)).write_bytes(content)
    assert len(ask(f"SELECT * FROM magic WHERE path LIKE '{tmp_path}/%'")) == 8


def test_a_cancelled_query_ends(answer: Any, files: Path) -> None:
    start = time.monotonic()
    with pytest.raises(Exception, match="time"):
        answer("SELECT count(*) FROM magic WHERE path LIKE '/usr/%%'", timeout=0.5)
    assert time.monotonic() - start < 10


def test_the_package_is_not_imported(ask: Ask, files: Path) -> None:
    ask(f"SELECT * FROM magic WHERE path = '{files}/image'")
    assert "pylibmagic" not in sys.modules
