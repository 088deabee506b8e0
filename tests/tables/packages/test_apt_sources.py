from __future__ import annotations

import hashlib
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.linux import aptsources

RELEASE = """-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

Origin: Debian
Label: Debian
Suite: stable
Version: 12.9
Codename: bookworm
Date: Sat, 11 Jan 2025 11:11:11 UTC
Architectures: all amd64 arm64
Components: main contrib
Description: Debian 12.9 Released 11 January 2025
MD5Sum:
 0ed6d4c8891eb86358b94bb35d9e4da4  1484322 contrib/Contents-all
-----BEGIN PGP SIGNATURE-----
Version: forged
-----END PGP SIGNATURE-----
"""
LISTS = "var/lib/apt/lists"
ALL = "SELECT * FROM apt_sources"


def test_a_line_and_its_release(ask, tree) -> None:
    root = tree(
        {
            "etc/apt/sources.list": "# comment\ndeb http://deb.example.org/debian/ bookworm main # trailing\n"
            "deb-src http://deb.example.org/debian bookworm main\n",
            f"{LISTS}/deb.example.org_debian_dists_bookworm_InRelease": RELEASE,
        }
    )
    assert ask(f"{ALL}", root) == [
        {
            "name": "deb.example.org/debian bookworm",
            "source": "/etc/apt/sources.list",
            "base_uri": "http://deb.example.org/debian",
            "release": "bookworm",
            "version": "12.9",
            "maintainer": "Debian",
            "components": "main contrib",
            "architectures": "all amd64 arm64",
        }
    ]


def test_a_source_that_was_never_fetched_has_no_row(answer, tree) -> None:
    root = tree({"etc/apt/sources.list": "deb http://deb.example.org/debian bookworm main\n", f"{LISTS}/": b""})
    assert answer(ALL, root) == []


def test_options_in_brackets_are_no_address(answer, tree) -> None:
    root = tree(
        {
            "etc/apt/sources.list.d/x.list": "deb [ arch=amd64,arm64 signed-by=/usr/share/keyrings/x.gpg ]\t"
            "https://apt.example.org/x  stable   main\n",
            "etc/apt/sources.list.d/x.list.save": "deb https://apt.example.org/old stable main\n",
            f"{LISTS}/apt.example.org_x_dists_stable_Release": "Origin: X: the company\nCodename: stable\n",
            f"{LISTS}/apt.example.org_old_dists_stable_Release": "Origin: X\n",
        }
    )
    assert answer("SELECT name, source, maintainer, version FROM apt_sources", root) == [
        ("apt.example.org/x stable", "/etc/apt/sources.list.d/x.list", "X: the company", None)
    ]


def test_stanzas_have_many_addresses_and_suites(answer, tree) -> None:
    root = tree(
        {
            "etc/apt/sources.list.d/ubuntu.sources": "# Ubuntu\nTypes: deb deb-src\n"
            "URIs: http://archive.example.org/ubuntu/\n  http://mirror.example.org/ubuntu\n"
            "Suites: noble\n noble-updates\n# remark\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK\n"
            " .\n mQINBF\n\n"
            "Enabled: no\nTypes: deb\nURIs: http://off.example.org/x\nSuites: s\n\n"
            "Types: deb-src\nURIs: http://src.example.org/x\nSuites: s\n\n"
            "types: deb\nenabled: yes\nuris: http://security.example.org/ubuntu\nsuites: noble-security\n",
            **{
                f"{LISTS}/{host}.example.org_{path}_InRelease": "Codename: noble\n"
                for host, path in (
                    ("archive", "ubuntu_dists_noble"),
                    ("archive", "ubuntu_dists_noble-updates"),
                    ("mirror", "ubuntu_dists_noble"),
                    ("security", "ubuntu_dists_noble-security"),
                    ("off", "x_dists_s"),
                    ("src", "x_dists_s"),
                )
            },
        }
    )
    assert [name for (name,) in answer("SELECT name FROM apt_sources", root)] == [
        "archive.example.org/ubuntu noble",
        "archive.example.org/ubuntu noble-updates",
        "mirror.example.org/ubuntu noble",
        "security.example.org/ubuntu noble-security",
    ]


SOURCES = (
    ("https://deb.example.org/node_20.x", "nodistro", "deb.example.org_node%5f20.x_dists_nodistro"),
    ("http://user:secret@example.org:8080/a~b", "s", "example.org:8080_a%7eb_dists_s"),
    ("http://example.org/flat", "./", "example.org_flat_."),
    ("http://example.org/flat2", "sub/dir/", "example.org_flat2_sub_dir"),
    ("http://example.org/root", "/", "example.org_root"),
    ("file:///srv/re_po", "stable/updates", "_srv_re%5fpo_dists_stable_updates"),
    ("copy:/srv/copy", "s", "_srv_copy_dists_s"),
    ("mirror+http://example.org/with%20space%5f", "s", "example.org_with%20space%5f_dists_s"),
)


@pytest.mark.parametrize(("uri", "suite", "expected"), SOURCES)
def test_names_in_the_cache(uri: str, suite: str, expected: str) -> None:
    assert aptsources.filename(uri, suite) == expected


def test_names_in_the_cache_are_those_apt_looks_for(tmp_path) -> None:
    if not shutil.which("apt-get"):
        pytest.skip("apt-get(8) is not installed")
    lists, parts = tmp_path / "lists", tmp_path / "parts"
    (lists / "partial").mkdir(parents=True)
    parts.mkdir()
    (tmp_path / "sources.list").write_text("".join(
        f"deb [trusted=yes] {uri} {suite} {'' if suite.endswith('/') else 'main'}\n" for uri, suite, _ in SOURCES
    ))  # fmt: skip
    for uri, suite, _ in SOURCES:
        base = lists / aptsources.filename(uri, suite)
        package = "Packages" if suite.endswith("/") else "main/binary-all/Packages"
        base.with_name(f"{base.name}_InRelease").write_text(
            "Codename: s\nSuite: s\nArchitectures: all\nComponents: main\nDate: Sat, 11 Jan 2025 11:11:11 UTC\n"
            f"SHA256:\n {hashlib.sha256().hexdigest()} 0 {package}\n"
        )
        base.with_name(f"{base.name}_{package.replace('/', '_')}").touch()
    options = {"Etc::sourcelist": tmp_path / "sources.list", "Etc::sourceparts": parts, "State::lists": lists}
    printed = subprocess.run(
        ["apt-get", "indextargets", *(f"-oDir::{key}={value}" for key, value in options.items()),
         "--format", "$(FILENAME)", "Created-By: Packages"], capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert sorted(printed) == sorted(str(path) for path in lists.glob("*_Packages"))


def test_the_signed_file_goes_before_the_plain_one(answer, tree) -> None:
    root = tree(
        {
            "etc/apt/sources.list": "deb http://e.example.org/d s main\n",
            f"{LISTS}/e.example.org_d_dists_s_InRelease": "Codename: signed\n",
            f"{LISTS}/e.example.org_d_dists_s_Release": "Codename: plain\n",
        }
    )
    assert answer("SELECT release FROM apt_sources", root) == [("signed",)]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400) | st.text("deb [=] http://:#\n\t Types:URIs:Suites: yn", max_size=200).map(str.encode))
def test_any_content_is_read_without_an_error(content: bytes) -> None:
    for uri, suite in (*aptsources.one_line(content), *aptsources.deb822(content)):
        assert "/" not in aptsources.filename(uri, suite)
        assert "\0" not in aptsources.filename(uri, suite)
