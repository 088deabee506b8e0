from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

STANZA = "Package: {0}\nStatus: install ok installed\nArchitecture: all\nVersion: {1}\n"


def test_packages_of_a_captured_root(answer, root) -> None:
    sql = "SELECT name, version, source, size, arch, revision, status FROM deb_packages"
    assert answer(sql, root) == [
        ("adduser", "3.134", "", 686, "all", "", "install ok installed"),
        ("gone", "2:1.0~rc1-3", "", 12, "amd64", "3", "deinstall ok config-files"),
        ("half", "1.1-1", "", 44, "amd64", "1", "install ok installed"),
        ("libstdc++6", "12.2.0-14", "gcc-12", 2700, "amd64", "14", "install ok installed"),
        ("latin", "1-2-3", "", None, "amd64", "3", "install ok installed"),
    ]


def test_a_whole_row(answer, root) -> None:
    assert answer("SELECT *, pid_with_namespace FROM deb_packages WHERE name = 'adduser'", root) == [
        (
            "adduser",
            "3.134",
            "",
            686,
            "all",
            "",
            "install ok installed",
            "Debian Adduser Developers <maintainers@example.org>",
            "admin",
            "important",
            "/var/lib/dpkg",
            0,
        )
    ]


def test_bytes_that_are_no_utf_8_are_escaped(answer, root) -> None:
    assert answer("SELECT maintainer FROM deb_packages WHERE name = 'latin'", root) == [
        ("Ren\\xE9 <rene@example.org>",)
    ]


def test_columns_are_the_same_in_whatever_combination_they_are_read(answer, root) -> None:
    columns = ["name", "version", "source", "size", "arch", "revision", "status", "maintainer", "section", "priority"]
    whole = answer(f"SELECT {', '.join(columns)}, admindir FROM deb_packages", root)
    for place, column in enumerate([*columns, "admindir"]):
        assert answer(f"SELECT {column} FROM deb_packages", root) == [(row[place],) for row in whole]
    assert answer("SELECT count(*) FROM deb_packages", root) == [(len(whole),)]


def test_admindir_names_other_databases(answer, root, tmp_path) -> None:
    (tmp_path / "status").write_text(STANZA.format("one", "1"))
    sql = f"SELECT name, admindir FROM deb_packages WHERE admindir IN ('{tmp_path}', '/no/such')"
    assert answer(sql) == [("one", str(tmp_path))]


def test_distroless_images_have_a_file_for_each_package(answer, tmp_path) -> None:
    folder = tmp_path / "var/lib/dpkg/status.d"
    folder.mkdir(parents=True)
    (folder / "tzdata").write_text(STANZA.format("tzdata", "2024a-0+deb12u1"))
    (folder / "base").write_text("Package: base-files\nArchitecture: amd64\nVersion: 12.4\n")
    (folder / "base.md5sums").write_text("d41d8cd98f00b204e9800998ecf8427e  usr/x\n")
    (folder / "directory").mkdir()
    assert answer("SELECT name, version FROM deb_packages", str(tmp_path)) == [
        ("base-files", "12.4"),
        ("tzdata", "2024a-0+deb12u1"),
    ]


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"\0\xff\n\nPackage", b"Package: \n\nVersion: 1\n"])
def test_garbage_gives_no_error(answer, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "status").write_bytes(content)
    names = [name for (name,) in answer(f"SELECT name FROM deb_packages WHERE admindir = '{tmp_path}'")]
    assert names in ([], [""])


def test_live_packages_are_those_of_dpkg_query(answer) -> None:
    if not shutil.which("dpkg-query"):
        pytest.skip("dpkg-query(1) is not installed")
    fields = ("Package", "Version", "Installed-Size", "Architecture", "Status", "Section", "Priority")
    form = "\\t".join(f"${{{field}}}" for field in fields)
    printed = subprocess.run(
        ["dpkg-query", "-W", "-f", f"{form}\\n"], capture_output=True, text=True, check=True
    ).stdout
    sql = "SELECT name, version, size, arch, status, section, priority FROM deb_packages"
    ours = sorted("\t".join("" if value is None else str(value) for value in row) for row in answer(sql))
    assert ours == sorted(line for line in printed.splitlines() if "not-installed" not in line)
