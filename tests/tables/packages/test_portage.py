from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.linux import portage

PACKAGE = {
    "var/db/pkg/sys-apps/portage-3.0.65-r1/SLOT": "0\n",
    "var/db/pkg/sys-apps/portage-3.0.65-r1/SIZE": "7654321\n",
    "var/db/pkg/sys-apps/portage-3.0.65-r1/EAPI": "8\n",
    "var/db/pkg/sys-apps/portage-3.0.65-r1/BUILD_TIME": "1724000000\n",
    "var/db/pkg/sys-apps/portage-3.0.65-r1/repository": "gentoo\n",
    "var/db/pkg/sys-apps/portage-3.0.65-r1/USE": "abi_x86_64 amd64 ipc native-extensions\n",
    "var/db/pkg/dev-libs/glib-2.80.5/SLOT": "2/2\n",
    "var/db/pkg/dev-libs/glib-2.80.5/SIZE": "many\n",
    "var/db/pkg/dev-libs/glib-2.80.5/USE": "\n",
    "var/db/pkg/dev-libs/-MERGING-pcre-1/SLOT": "0\n",
    "var/lib/portage/world": "# mine\nsys-apps/portage\n",
}


def test_installed_packages(ask, tree) -> None:
    assert ask("SELECT * FROM portage_packages", tree(PACKAGE)) == [
        {
            "package": "dev-libs/glib", "version": "2.80.5", "slot": "2/2", "build_time": None, "repository": None,
            "eapi": None, "size": None, "world": 0,
        },
        {
            "package": "sys-apps/portage", "version": "3.0.65-r1", "slot": "0", "build_time": 1724000000,
            "repository": "gentoo", "eapi": 8, "size": 7654321, "world": 1,
        },
    ]  # fmt: skip


def test_use_flags_have_a_row_each(answer, tree) -> None:
    assert answer("SELECT package, version, use FROM portage_use", tree(PACKAGE)) == [
        ("sys-apps/portage", "3.0.65-r1", flag) for flag in ("abi_x86_64", "amd64", "ipc", "native-extensions")
    ]


def test_keywords_masks_and_unmasks_of_files_and_directories(answer, tree) -> None:
    root = tree(
        {
            "etc/portage/package.accept_keywords/desktop/kde": "kde-plasma/kwin ~amd64 # newer\n",
            "etc/portage/package.keywords": "=dev-lang/rust-1.80* ~amd64 **\n",
            "etc/portage/package.mask": ">=sys-libs/glibc-2.40-r1\n#comment\n",
            "etc/portage/package.unmask/one": "kde-plasma/kwin\n",
            "etc/portage/package.unmask/.hidden": "a/b\n",
        }
    )
    assert answer("SELECT * FROM portage_keywords ORDER BY package", root) == [
        ("dev-lang/rust", "1.80*", "~amd64 **", 0, 0),
        ("kde-plasma/kwin", "", "~amd64", 0, 1),
        ("sys-libs/glibc", ">=2.40-r1", "", 1, 0),
    ]


@pytest.mark.parametrize(
    ("atom", "expected"),
    [
        ("=sys-kernel/gentoo-sources-4.9.0", ("sys-kernel/gentoo-sources", "4.9.0")),
        ("<=sys-kernel/gentoo-sources-4.9.0-r1", ("sys-kernel/gentoo-sources", "<=4.9.0-r1")),
        (">=sys-kernel/gentoo-sources-4.9.0_alpha2", ("sys-kernel/gentoo-sources", ">=4.9.0_alpha2")),
        ("~app-misc/x-1", ("app-misc/x", "~1")),
        ("sys-kernel/gentoo-sources", ("sys-kernel/gentoo-sources", "")),
        ("dev-lang/python:3.12", ("dev-lang/python", "")),
        ("=dev-lang/python-3.12.5:3.12::gentoo", ("dev-lang/python", "3.12.5")),
        ("net-misc/r-1-r2", ("net-misc/r", "1-r2")),
        ("media-fonts/font-adobe-100dpi-1.0.4", ("media-fonts/font-adobe-100dpi", "1.0.4")),
        ("", ("", "")),
    ],
)
def test_atoms_are_split_into_package_and_version(atom, expected) -> None:
    assert portage.split(atom) == expected


@given(st.text("ab-/r1=<:~.", max_size=20))
def test_any_atom_is_split(atom: str) -> None:
    portage.split(atom)


def test_directories_that_lead_back_to_themselves_end(answer, tree, tmp_path) -> None:
    root = tree({"etc/portage/package.mask/a": "x/y\n"})
    (tmp_path / "etc/portage/package.mask/loop").symlink_to(".")
    assert answer("SELECT package FROM portage_keywords", root) == [("x/y",)]


def test_a_machine_that_is_no_gentoo_has_no_rows(answer, tmp_path) -> None:
    for table in ("portage_packages", "portage_keywords", "portage_use"):
        assert answer(f"SELECT * FROM {table}", str(tmp_path)) == []


def test_directories_of_settings_that_lead_to_each_other_are_read_once(answer, tree) -> None:
    root = Path(tree({f"etc/portage/package.mask/{name}/atoms": f"a/{name}\n" for name in "abcdefghij"}))
    folder = root / "etc/portage/package.mask"
    for name in "abcdefghij":
        for other in "abcdefghij":
            (folder / name / f"to-{other}").symlink_to(f"../{other}")
    rows = answer("SELECT package, mask FROM portage_keywords", str(root))
    assert sorted(rows) == [(f"a/{name}", 1) for name in "abcdefghij"]
