from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.linux.hwids import Names

IDS = """\
# A comment
8001  First, Inc.
# a remark on the next
8002  Second, Inc. #2
\t1312  Foobar
\t131b  Wrestler HDMI Audio
# a remark within

\t\t174b 1001  90K Diffusion Mini
\t\t174b 1002  ²
\t131c  Another
\t\t174b 1003  of another
174b  Third, LLC

C 02  Network controller
\t00  Ethernet controller
\t\t01  an interface
\t80  Network controller
C 03  Display controller
\t00  VGA compatible controller
"""


def names(folder: Path, contents: bytes, place: str = "usr/share/misc/pci.ids") -> Names:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)
    return Names(str(folder), "pci")


@pytest.mark.parametrize("place", ["usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids", "usr/share/pci.ids"])
def test_names_are_found_by_ids(tmp_path: Path, place: str) -> None:
    ids = names(tmp_path, IDS.encode(), place)
    assert ids.vendor("8001") == "First, Inc."
    assert ids.vendor("8002") == "Second, Inc. #2"
    assert ids.vendor("8003") is None
    assert ids.device("8002", "131b") == "Wrestler HDMI Audio"
    assert ids.device("8001", "131b") is None
    assert ids.device("8003", "131b") is None
    assert ids.subsystem("8002", "131b", "174b", "1001") == "90K Diffusion Mini"
    assert ids.subsystem("8002", "131b", "174b", "1002") == "²"
    assert ids.subsystem("8002", "131b", "174b", "1003") is None
    assert ids.subsystem("8002", "131c", "174b", "1003") == "of another"
    assert ids.subsystem("8002", "ffff", "174b", "1003") is None
    assert ids.kind("02") == "Network controller"
    assert ids.subkind("02", "00") == "Ethernet controller"
    assert ids.subkind("03", "80") is None
    assert ids.vendor("C 02") == "Network controller"


def test_without_the_file_nothing_has_a_name(tmp_path: Path) -> None:
    ids = Names(str(tmp_path), "pci")
    assert ids.vendor("8086") is None
    assert ids.subkind("02", "00") is None


Look = Callable[[Names], object]
LOOKS: list[Look] = [
    lambda ids: ids.vendor("8002"),
    lambda ids: ids.device("8002", "131b"),
    lambda ids: ids.subsystem("8002", "131b", "174b", "1001"),
    lambda ids: ids.kind("02"),
    lambda ids: ids.subkind("02", "00"),
]


@given(st.text("0128b4 \t\n#C8ff\xff", max_size=200), st.integers(0, len(IDS)))
def test_any_file_is_searched_to_an_end(tmp_path_factory: pytest.TempPathFactory, text: str, at: int) -> None:
    data = (IDS[:at] + text + IDS[at:]).encode("latin-1", "replace")
    folder = tmp_path_factory.getbasetemp() / "ids"
    for contents in (data, text.encode("latin-1"), data[:at]):
        ids = names(folder, contents)
        for look in LOOKS:
            assert isinstance(look(ids), str | None)
