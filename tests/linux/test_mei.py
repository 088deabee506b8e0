from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.linux import mei


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("0:11.8.50.3425\n0:11.8.50.3425\n0:11.0.0.1202\n", "11.8.50.3425"),
        ("0:0.0.0.0\n", None),
        ("", None),
        ("11.8\n", None),
    ],
)
def test_the_driver_shows_the_version_in_its_class(tmp_path: Path, text: str, version: str | None) -> None:
    folder = tmp_path / "sys/class/mei/mei0"
    folder.mkdir(parents=True)
    (folder / "fw_ver").write_text(text)
    assert mei.version(str(tmp_path)) == version


def test_the_first_engine_that_knows_its_version_tells_it(tmp_path: Path) -> None:
    for name, text in (("mei0", None), ("mei1", "1:16.1.25.2124\n")):
        folder = tmp_path / "sys/class/mei" / name
        folder.mkdir(parents=True)
        if text:
            (folder / "fw_ver").write_text(text)
    assert mei.version(str(tmp_path)) == "16.1.25.2124"
    assert mei.version(str(tmp_path / "none")) is None


def test_the_answer_of_the_engine_has_the_version_behind_seven_numbers() -> None:
    answer = struct.pack("<7I4H4H6H", *range(7), 9, 1, 45, 3000, 9, 1, 0, 0, *range(6))
    assert mei.unpack(answer) == "9.1.45.3000"
    assert mei.unpack(answer[:36]) == "9.1.45.3000"
    assert mei.unpack(answer[:35]) is None
    assert mei.unpack(b"") is None


def test_what_is_no_engine_does_not_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert mei.ask(str(tmp_path / "file")) is None
    assert mei.ask(str(tmp_path)) is None
    assert mei.ask(str(tmp_path / "none")) is None
    assert mei.ask("/dev/null") is None


@given(st.binary(max_size=80))
def test_any_bytes_are_a_version_or_none(data: bytes) -> None:
    for found in (mei.parse(data), mei.unpack(data)):
        assert found is None or found.encode()
