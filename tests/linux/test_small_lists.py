"""The shadow file, the list of protocols, Carbon Black's files: whatever stands in them is read or left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import carbonblack, protocols, shadow

PARTS = [
    b"root",
    b":",
    b":",
    b":",
    b"$6$",
    b"!",
    b"*",
    b"1",
    b"-",
    b"\n",
    b"\xff",
    b"\0",
    b"9" * 25,
    b"#",
    b" ",
    b"=",
    b"[CB]",
]


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PARTS), st.binary(max_size=3)), max_size=60))
def test_any_bytes_are_entries_or_none(tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]) -> None:
    root = tmp_path_factory.getbasetemp() / "lists"
    for folder in ("etc", "var/lib/cb"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name in ("etc/shadow", "etc/protocols", "var/lib/cb/sensor.id", "var/lib/cb/sensorsettings.ini"):
        (root / name).write_bytes(b"".join(parts))
    for entry in shadow.entries(str(root)):
        assert len(entry.days) == 6
        assert entry.name
    for protocol in protocols.entries(str(root)):
        assert 0 <= protocol.number < 1 << 31
    number = carbonblack.sensor_id(str(root))
    assert number is None or isinstance(number, int)
    assert carbonblack.settings(str(root)) is not None


def test_the_number_of_a_sensor_is_the_end_of_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "lib" / "cb"
    folder.mkdir(parents=True)
    for text, number in ((b"0000000000000c8a", 0xC8A), (b"too short", None), (b"0000000000 0xxyz", None)):
        (folder / "sensor.id").write_bytes(text)
        assert carbonblack.sensor_id(str(tmp_path)) == number
