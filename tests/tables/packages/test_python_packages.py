from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.linux import pypackages

SITE = "usr/lib/python3/dist-packages"
METADATA = """Metadata-Version: 2.1
Name: requests
Version: 2.32.3
Summary: Python HTTP: for humans.
Home-page: https://requests.readthedocs.io
Author: Kenneth Reitz
Author-email: me@example.org
License: Apache-2.0
Classifier: License :: OSI Approved :: Apache Software License

# Requests
License: of the description
"""
USERS = "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\ngrace:x:1001:1001::/home/grace:/bin/sh\n"


def metadata(name: str, version: str = "1.0") -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"


def test_a_package_of_the_system(ask, tree) -> None:
    root = tree({f"{SITE}/requests-2.32.3.dist-info/METADATA": METADATA})
    assert ask("SELECT *, pid_with_namespace FROM python_packages", root) == [
        {
            "name": "requests",
            "uid": 0,
            "version": "2.32.3",
            "summary": "Python HTTP: for humans.",
            "author": "Kenneth Reitz",
            "license": "Apache-2.0",
            "path": f"/{SITE}/requests-2.32.3.dist-info",
            "directory": f"/{SITE}",
            "pid_with_namespace": 0,
        }
    ]


def test_every_form_of_metadata(answer, tree) -> None:
    root = tree(
        {
            f"{SITE}/a-1.dist-info/METADATA": metadata("a"),
            f"{SITE}/b-1.egg-info/PKG-INFO": metadata("b"),
            f"{SITE}/c-1.egg-info": metadata("c"),
            f"{SITE}/d-1-py3.11.egg/EGG-INFO/PKG-INFO": metadata("d"),
            f"{SITE}/e_e.egg-link": "/srv/e\n.\n",
            "srv/e/e_e.egg-info/PKG-INFO": metadata("e-e"),
            f"{SITE}/f.egg-link": "relative\n",
            f"{SITE}/g-1.dist-info/": b"",
            f"{SITE}/setuptools/_vendor/packaging-24.dist-info/METADATA": metadata("packaging"),
            f"{SITE}/plain/__init__.py": "",
        }
    )
    assert answer("SELECT name, path FROM python_packages", root) == [
        ("a", f"/{SITE}/a-1.dist-info"),
        ("b", f"/{SITE}/b-1.egg-info"),
        ("c", f"/{SITE}/c-1.egg-info"),
        ("d", f"/{SITE}/d-1-py3.11.egg"),
        ("e-e", "/srv/e/e_e.egg-info"),
        (None, f"/{SITE}/g-1.dist-info"),
    ]


@pytest.mark.parametrize(
    ("lines", "author", "license"),
    [
        (
            "Author-email: Ada <ada@example.org>, Grace <grace@example.org>\nLicense-Expression: MIT",
            "Ada, Grace",
            "MIT",
        ),
        ("Author-email: ada@example.org", "ada@example.org", None),
        ("Author: UNKNOWN\nLicense: UNKNOWN", None, None),
        ("License: Permission is granted\n        to everyone\nAuthor: Ren\u00e9", "René", "Permission is granted"),
        ("Author: Ada\r\nLicense: MIT\r", "Ada", "MIT"),
    ],
)
def test_authors_and_licenses_as_old_and_new_tools_write_them(answer, tree, lines, author, license) -> None:
    root = tree({f"{SITE}/x-1.dist-info/METADATA": metadata("x") + lines + "\n"})
    assert answer("SELECT author, license FROM python_packages", root) == [(author, license)]


@pytest.mark.parametrize(
    "site",
    [
        ".local/lib/python3.11/site-packages",
        ".pyenv/versions/3.12.1/lib/python3.12/site-packages",
        ".asdf/installs/python/3.12.1/lib/python3.12/site-packages",
        ".local/share/mise/installs/python/3.12/lib/python3.12/site-packages",
        ".local/share/uv/tools/ruff/lib/python3.12/site-packages",
        ".local/share/pipx/venvs/black/lib/python3.12/site-packages",
        ".local/pipx/venvs/black/lib/python3.12/site-packages",
        ".cache/pypoetry/virtualenvs/app-Ab3/lib/python3.12/site-packages",
        "miniconda3/lib/python3.12/site-packages",
        "miniforge3/envs/data/lib/python3.12/site-packages",
        ".conda/envs/data/lib/python3.12/site-packages",
        ".virtualenvs/app/lib/python3.12/site-packages",
        ".local/share/virtualenvs/app/lib/python3.12/site-packages",
    ],
)
def test_directories_of_users_are_searched(answer, tree, site) -> None:
    root = tree({"etc/passwd": USERS, f"home/ada/{site}/x-1.dist-info/METADATA": metadata("x")})
    row = [("x", 1000, f"/home/ada/{site}")]
    assert answer("SELECT name, uid, directory FROM python_packages", root) == row
    assert answer("SELECT name, uid, directory FROM python_packages WHERE uid = 1000", root) == row
    assert answer("SELECT name, uid, directory FROM python_packages WHERE uid IN (0, 1001)", root) == []
    joined = "SELECT p.name, username FROM users CROSS JOIN python_packages p USING (uid)"
    assert answer(joined, root) == [("x", "ada")]


@pytest.mark.parametrize(
    "site",
    [
        "usr/lib64/python3.13/site-packages",
        "usr/local/lib/python3.13/site-packages",
        "usr/local/lib64/python3.13/site-packages",
        "opt/conda/lib/python3.12/site-packages",
        "opt/miniconda3/envs/data/lib/python3.12/site-packages",
        "opt/pipx/venvs/ansible/lib/python3.12/site-packages",
    ],
)
def test_directories_of_the_system_are_searched(answer, tree, site) -> None:
    root = tree({f"{site}/x-1.dist-info/METADATA": metadata("x")})
    assert answer("SELECT name, uid, directory FROM python_packages", root) == [("x", 0, f"/{site}")]
    assert answer("SELECT name FROM python_packages WHERE uid = 1000", root) == []


def test_a_directory_that_two_names_lead_to_is_searched_once(answer, tree, tmp_path) -> None:
    root = tree(
        {"opt/app/pyvenv.cfg": "", "opt/app/lib/python3.12/site-packages/x-1.dist-info/METADATA": metadata("x")}
    )
    (tmp_path / "opt/app/lib64").symlink_to("lib")
    (tmp_path / "opt/other").symlink_to("app")
    assert answer("SELECT name, directory FROM python_packages", root) == [
        ("x", "/opt/app/lib/python3.12/site-packages")
    ]


def test_a_system_user_whose_home_is_the_root_has_no_packages(answer, tree) -> None:
    root = tree(
        {"etc/passwd": "nobody:x:65534:65534::/:/x\n", ".local/lib/python3.1/site-packages/x-1.dist-info/": b""}
    )
    assert answer("SELECT path FROM python_packages", root) == []


def test_a_directory_that_is_named_is_searched(answer, tree) -> None:
    root = tree({"data/site/x-1.dist-info/METADATA": metadata("x"), f"{SITE}/y-1.dist-info/METADATA": metadata("y")})
    sql = "SELECT name, uid, directory FROM python_packages WHERE directory IN ('/data/site', '/nowhere')"
    assert answer(sql, root) == [("x", 0, "/data/site")]


def test_what_pip_would_list_is_found(answer, tmp_path) -> None:
    """importlib.metadata, which pip asks, on the environment that runs the tests."""
    code = (
        "import sys, importlib.metadata as m\n"
        "for one in m.distributions(path=[sys.argv[1]]): print(one.metadata['Name'], one.version, sep='\\t')"
    )
    site = next(path for path in sys.path if path.endswith("site-packages"))
    printed = subprocess.run([sys.executable, "-c", code, site], capture_output=True, text=True, check=True).stdout
    theirs = sorted(tuple(line.split("\t")) for line in printed.splitlines())
    assert sorted(answer(f"SELECT name, version FROM python_packages WHERE directory = '{site}'")) == theirs


def test_pipes_and_links_in_circles_do_no_harm(answer, tree, tmp_path) -> None:
    root = tree({f"{SITE}/a-1.dist-info/": b"", f"{SITE}/e.egg-link": "/srv\0/e\n"})
    os.mkfifo(tmp_path / SITE / "a-1.dist-info/METADATA")
    os.mkfifo(tmp_path / SITE / "b-1.egg-info")
    (tmp_path / SITE / "c-1.egg-info").symlink_to("c-1.egg-info")
    assert answer("SELECT name FROM python_packages", root) == [(None,), (None,), (None,)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from(["Name", ":", "Author-email", "License", "\n", " ", "<", ">", ",", '"', "x"])).map(
        lambda words: "".join(words).encode()
    )
)
def test_any_metadata_are_read_without_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.egg-info").write_bytes(content)
    (tmp_path / "y.egg-link").write_bytes(content)
    for path in pypackages.installed("", str(tmp_path)):
        for value in pypackages.metadata("", path).values():
            assert value.encode()
