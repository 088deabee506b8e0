"""The file_lines table."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.linux import lines

Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def numbered(ask: Ask, tmp_path: Path) -> Callable[..., list[tuple[int, str]]]:
    """``numbered(content, condition)``: the lines of a file with this content."""

    def read(content: bytes, condition: str = "1") -> list[tuple[int, str]]:
        (tmp_path / "text").write_bytes(content)
        rows = ask(f"SELECT number, line FROM file_lines WHERE path = '{tmp_path}/text' AND {condition}")
        return [(row["number"], row["line"]) for row in rows]

    return read


def test_lines_come_without_their_ends(numbered: Any) -> None:
    assert numbered(b"one\r\ntwo\n\n\r\nlast") == [(1, "one"), (2, "two"), (3, ""), (4, ""), (5, "last")]
    assert numbered(b"one\n") == [(1, "one")]
    assert numbered(b"") == []
    assert numbered(b"\xffa\0b") == [(1, "\\xFFa\0b")]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("number = 3", [3]),
        ("number IN (2, 9, 77)", [2, 9]),
        ("number > 8", [9, 10]),
        ("number >= 9", [9, 10]),
        ("number < 3", [1, 2]),
        ("number <= 2", [1, 2]),
        ("number BETWEEN 4 AND 6", [4, 5, 6]),
        ("number > 3 AND number < 3", []),
        ("line LIKE '%7'", [7]),
    ],
)
def test_constraints_on_the_number_hold(numbered: Any, condition: str, expected: list[int]) -> None:
    content = b"".join(b"line %d\n" % number for number in range(1, 11))
    assert [number for number, _ in numbered(content, condition)] == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"\xc3\xa9", b"x" * 300_000, b"\n" * 3]), max_size=12))
def test_lines_are_those_of_python(numbered: Any, parts: list[bytes]) -> None:
    content = b"".join(parts)
    wanted = content.split(b"\n")
    if not wanted[-1]:
        wanted.pop()
    expected = [line[: lines.LONGEST].removesuffix(b"\r").decode() for line in wanted]
    assert [line for _, line in numbered(content)] == expected


def test_memory_stays_flat_on_a_file_of_a_gibibyte(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as made:
        made.write(b"first\nsecond" * 2)
        made.truncate(1 << 30)  # one line of zeros
    tracemalloc.start()
    found = [len(line) for line in lines.read(str(path))]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == [5, 11, lines.LONGEST]
    assert peak < 8 << 20


def test_a_limit_ends_the_reading(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "endless").symlink_to("/proc/self/maps")
    rows = ask(f"SELECT line FROM file_lines WHERE path = '{tmp_path}/endless' LIMIT 1")
    assert len(rows) == 1


def test_what_is_no_regular_file_has_no_lines(ask: Ask, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    assert ask(f"SELECT * FROM file_lines WHERE path LIKE '{tmp_path}/%'") == []
    assert ask(f"SELECT * FROM file_lines WHERE path IN ('{tmp_path}/none', '{tmp_path}/pipe', '')") == []
    assert list(lines.read("a\0b")) == []


def test_several_files_in_the_order_of_their_paths(ask: Ask, tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).write_text(f"{name}1\n{name}2\n")
    rows = ask(f"SELECT line FROM file_lines WHERE path LIKE '{tmp_path}/%' AND number = 2")
    assert [row["line"] for row in rows] == ["a2", "b2", "c2"]
