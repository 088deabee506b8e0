from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CONTROL = "Package: {name}\nVersion: {version}\nArchitecture: {arch}\nMulti-Arch: same\nMaintainer: Ada <ada@example.org>\nDescription: beads\n"  # noqa: E501


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A root that dpkg has installed two packages in: one for all, one that several architectures of may be there."""
    if not shutil.which("dpkg-deb"):
        pytest.skip("dpkg-deb(1) is not installed")
    native = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    root = tmp_path / "root"
    for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates"):
        (root / folder).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    for name, arch, path in (("abacus", "all", "usr/bin/abacus"), ("libbeads1", native, "usr/lib/libbeads.so.1")):
        tree = tmp_path / name
        (tree / "DEBIAN").mkdir(parents=True)
        control = CONTROL if arch != "all" else CONTROL.replace("Multi-Arch: same\n", "")
        (tree / "DEBIAN/control").write_text(control.format(name=name, version="1:2.0-3", arch=arch))
        (tree / path).parent.mkdir(parents=True)
        (tree / path).write_text("content\n")
        package = tmp_path / f"{name}.deb"
        subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, package], check=True, capture_output=True)
        subprocess.run(
            ["dpkg", f"--root={root}", "--force-not-root", "--force-depends", "--force-script-chrootless",
             "--log=/dev/null", "--install", package], check=True, capture_output=True,
        )  # fmt: skip
    return root


def listed(root: Path, package: str) -> list[str]:
    """What dpkg says a package has installed."""
    command = ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-L", package]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_files_are_those_of_dpkg_query(answer, installed) -> None:
    for package in ("abacus", "libbeads1"):
        sql = f"SELECT path FROM deb_package_files WHERE package = '{package}'"
        assert [path for (path,) in answer(sql, str(installed))] == listed(installed, package)


def test_lists_with_an_architecture_in_their_name_are_found(answer, installed) -> None:
    names = [path.name for path in (installed / "var/lib/dpkg/info").glob("libbeads1*.list")]
    assert names != ["libbeads1.list"]
    sql = "SELECT package, admindir FROM deb_package_files WHERE path = '/usr/lib/libbeads.so.1'"
    assert answer(sql, str(installed)) == [("libbeads1", "/var/lib/dpkg")]


def test_packages_that_dpkg_installed_here(answer, installed) -> None:
    assert answer("SELECT name, version, arch = 'all', status FROM deb_packages ORDER BY 1", str(installed)) == [
        ("abacus", "1:2.0-3", 1, "install ok installed"),
        ("libbeads1", "1:2.0-3", 0, "install ok installed"),
    ]


def test_admindir_names_other_databases(answer, installed) -> None:
    admindir = f"{installed}/var/lib/dpkg"
    sql = f"SELECT DISTINCT package, admindir FROM deb_package_files WHERE admindir IN ('{admindir}', '/no/such')"
    assert answer(sql) == [("abacus", admindir), ("libbeads1", admindir)]


def test_patterns_select_among_all_packages(answer, installed) -> None:
    sql = "SELECT package FROM deb_package_files WHERE path LIKE '/usr/%abacus'"
    assert answer(sql, str(installed)) == [("abacus",)]


def test_distroless_images_have_lists_of_digests(answer, tree) -> None:
    root = tree(
        {
            "var/lib/dpkg/status.d/base": "Package: base-files\nVersion: 12\n",
            "var/lib/dpkg/status.d/base.md5sums": "d41d8cd98f00b204e9800998ecf8427e  usr/lib/os-release\nbroken\n",
        }
    )
    assert answer("SELECT package, path FROM deb_package_files", root) == [("base-files", "/usr/lib/os-release")]


def test_garbage_in_a_list_gives_no_error(answer, tree) -> None:
    root = tree({"var/lib/dpkg/info/x.list": b"\xff\xfe\0\n\n/a\n", "var/lib/dpkg/info/y.list/": b""})
    assert answer("SELECT package, path FROM deb_package_files", root) == [("x", "\\xFF\\xFE\0"), ("x", "/a")]


def test_the_files_of_this_machine_are_those_of_dpkg_query(answer) -> None:
    if not shutil.which("dpkg-query"):
        pytest.skip("dpkg-query(1) is not installed")
    # dpkg-query adds a line where a file is diverted or a link stands for a directory.
    paths = {path for (path,) in answer("SELECT path FROM deb_package_files WHERE package = 'coreutils'")}
    if not paths:
        pytest.skip("coreutils is not installed by dpkg")
    printed = [line for line in listed(Path("/"), "coreutils") if line.startswith("/")]
    assert paths == set(printed)
