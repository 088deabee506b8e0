"""Rules of sudo: continued, included, going round in circles."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import sudoers


def lines(root: Path, **texts: str) -> list[tuple[str, str, str]]:
    """The lines of a root with these files below /etc; a double underscore stands for a slash."""
    for name, text in texts.items():
        path = root / "etc" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [(line.source, line.header, line.details) for line in sudoers.lines(str(root))]


def rules(root: Path, text: str) -> list[tuple[str, str]]:
    return [(header, details) for _, header, details in lines(root, sudoers=text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("root ALL=(ALL:ALL) ALL\n", [("root", "ALL=(ALL:ALL) ALL")]),
        ("# remark\n\n  \t\n#root ALL=ALL\n", []),
        ("Defaults\tenv_reset", [("Defaults", "env_reset")]),
        ("Defaults:millert !authenticate", [("Defaults:millert", "!authenticate")]),
        ("#1000 ALL=(ALL) ALL", [("#1000", "ALL=(ALL) ALL")]),
        ("%wheel ALL=(ALL) \\\n  NOPASSWD: ALL\n", [("%wheel", "ALL=(ALL) NOPASSWD: ALL")]),
        ("%wheel \\\n ALL=ALL\n", [("%wheel", "ALL=ALL")]),
        ("%wheel\\\n ALL=ALL\n", [("%wheel", "ALL=ALL")]),
        ("Cmnd_Alias A = /bin/a, \\\n\n/bin/b, \\\n/bin/c\nroot ALL=A\n",
         [("Cmnd_Alias", "A = /bin/a, /bin/b, /bin/c"), ("root", "ALL=A")]),
        ("# remark \\\nroot ALL=ALL\n", [("root", "ALL=ALL")]),
        ("root ALL=ALL \\", [("root", "ALL=ALL")]),
        ("@include\n#includedir \n", []),
    ],
)  # fmt: skip
def test_lines_as_they_are_joined_and_split(tmp_path: Path, text: str, expected: list[tuple[str, str]]) -> None:
    assert rules(tmp_path, text) == expected


def test_an_included_file_follows_the_line_that_includes_it(tmp_path: Path) -> None:
    found = lines(
        tmp_path,
        sudoers='root ALL=ALL\n@include /etc/one\n#include rel\n@include "/etc/with space"\nlast ALL=ALL\n',
        one="a ALL=ALL\n",
        rel="b ALL=ALL\n",
        **{"with space": "c ALL=ALL\n"},
    )
    assert [(source.removeprefix("/etc/"), header) for source, header, _ in found] == [
        ("sudoers", "root"), ("sudoers", "@include"), ("one", "a"), ("sudoers", "#include"), ("rel", "b"),
        ("sudoers", "@include"), ("with space", "c"), ("sudoers", "last"),
    ]  # fmt: skip


def test_a_directory_is_read_in_order_without_backups_and_packages_leftovers(tmp_path: Path) -> None:
    texts = {f"sudoers.d__{name}": f"{name.split('.')[0]} ALL=ALL\n" for name in ("20b", "10a", "x.dpkg-new", "y~")}
    found = lines(tmp_path, sudoers="@includedir /etc/sudoers.d\n", **texts)
    assert [header for _, header, _ in found] == ["@includedir", "10a", "20b"]
    assert found[1][0] == "/etc/sudoers.d/10a"


def test_the_name_of_the_host_is_put_in(tmp_path: Path) -> None:
    found = lines(tmp_path, sudoers="@include /etc/sudoers.%h\n", hostname="reef\n", **{"sudoers.reef": "a ALL=ALL\n"})
    assert found[1] == ("/etc/sudoers.reef", "a", "ALL=ALL")


def test_a_file_that_includes_itself_is_read_once(tmp_path: Path) -> None:
    found = lines(
        tmp_path, sudoers="@include /etc/sudoers\n@include /etc/one\n", one="@include /etc/sudoers\nx ALL=ALL\n"
    )
    assert [header for _, header, _ in found] == ["@include", "@include", "@include", "x"]


def test_more_than_128_files_deep_nothing_is_read(tmp_path: Path) -> None:
    texts = {f"f{number}": f"@include /etc/f{number + 1}\n" for number in range(200)}
    assert len(lines(tmp_path, sudoers="@include /etc/f0\n", **texts)) == 128


def test_files_that_all_include_each_other_end(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(12)]
    everything = "".join(f"@include /etc/{name}\n" for name in names)
    start = perf_counter()
    assert len(lines(tmp_path, sudoers=everything, **dict.fromkeys(names, everything))) < 50_000
    assert perf_counter() - start < 5


def test_without_a_file_there_are_no_lines(tmp_path: Path) -> None:
    assert lines(tmp_path) == []
    assert lines(tmp_path, sudoers="@include /etc/missing\n@includedir /etc/missing.d\n@include /etc\0x\n") == [
        ("/etc/sudoers", "@include", "/etc/missing"),
        ("/etc/sudoers", "@includedir", "/etc/missing.d"),
        ("/etc/sudoers", "@include", "/etc\0x"),
    ]


PARTS = ["@include ", "#include", " ", "\t", "\\", "\n", "/etc/sudoers", "x", '"', "#", "%h", "\0"]


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=3)), max_size=30))
def test_any_text_has_lines(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    root = tmp_path_factory.getbasetemp() / "sudoers"
    (root / "etc").mkdir(parents=True, exist_ok=True)
    (root / "etc" / "sudoers").write_text("".join(parts), errors="replace")
    for line in sudoers.lines(str(root)):
        assert line.header
