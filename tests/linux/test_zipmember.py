"""One member of a ZIP archive, whatever the archive holds."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.linux import zipmember

NAME = b"META-INF/plugin.xml"


def archive(comment: bytes = b"", extra: int = 3) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as into:
        into.writestr("META-INF/plugin.xml.bak", "another")
        into.writestr("x/META-INF/plugin.xml", "another")
        for number in range(extra):
            into.writestr(f"class{number}", bytes(range(number % 200, number % 200 + 50)))
        into.writestr(NAME.decode(), "<x/>" * 100)
        into.comment = comment
    return made.getvalue()


def test_a_member_is_unpacked_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.jar"
    path.write_bytes(archive())
    assert zipmember.read(str(path), NAME, 1000) == b"<x/>" * 100
    assert zipmember.read(str(path), NAME, 5) == b"<x/><"
    assert zipmember.read(str(path), b"missing", 5) is None


def test_what_stands_before_and_behind_the_archive_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jar"
    path.write_bytes(archive(comment=b"c" * 3000))
    assert zipmember.read(str(path), NAME, 4) == b"<x/>"


def test_thousands_of_members(tmp_path: Path) -> None:
    path = tmp_path / "a.jar"
    path.write_bytes(archive(extra=3000))
    assert zipmember.read(str(path), NAME, 4) == b"<x/>"


def test_what_is_no_archive_has_no_members(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    for name in ("pipe", "empty", "missing", ".", "a\0b"):
        assert zipmember.read(f"{tmp_path}/{name}", NAME, 5) is None


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_raises_nothing(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(archive())
    for _ in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = whole[data.draw(st.integers(0, 40)) : len(whole) - data.draw(st.integers(0, 200))]
    path = tmp_path / "a.jar"
    path.write_bytes(cut)
    found = zipmember.read(str(path), NAME, 1000)
    assert found is None or len(found) <= 1000
