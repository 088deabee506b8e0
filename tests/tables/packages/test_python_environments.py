from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.linux import pyenvironments
from leadline.linux.pyenvironments import Environment

USERS = "ada:x:1000:1000::/home/ada:/bin/sh\n"
METADATA = "Metadata-Version: 2.1\nName: x\nVersion: 1\n"
COLUMNS = "path, kind, python_version, base_interpreter, packages, uid, prompt, system_site_packages"


def test_environments_of_every_kind(answer, tree) -> None:
    tools = "home/ada/.local/share"
    root = tree(
        {
            "etc/passwd": USERS,
            "usr/bin/python3.12": "",
            "usr/lib/python3.12/os.py": "",
            "usr/lib/python3/dist-packages/x-1.dist-info/METADATA": METADATA,
            "opt/app/pyvenv.cfg": "home = /usr/bin\ninclude-system-site-packages = true\nversion = 3.12.3\n"
            "executable = /usr/bin/python3.12\nprompt = 'app'\n",
            "opt/app/lib/python3.12/site-packages/x-1.dist-info/METADATA": METADATA,
            "opt/tool/lib/python3.12/site-packages/x.py": "",
            "opt/conda/conda-meta/python-3.11.5-h955ad1f_0.json": "{}",
            "opt/conda/conda-meta/python-dateutil-2.8.2-x.json": "{}",
            "opt/conda/lib/python3.11/site-packages/": b"",
            "opt/conda/bin/python3.11": "",
            "home/ada/.local/lib/python3.12/site-packages/x-1.dist-info/METADATA": METADATA,
            f"{tools}/pipx/venvs/black/pyvenv.cfg": "home = /usr/bin\nversion = 3.12.3\n",
            f"{tools}/pipx/venvs/black/lib/python3.12/site-packages/x-1.dist-info/METADATA": METADATA,
            f"{tools}/pipx/venvs/black/lib/python3.12/site-packages/y-1.dist-info/METADATA": METADATA,
            f"{tools}/uv/tools/ruff/pyvenv.cfg": "home = /home/ada/.local/share/uv/python/bin\nuv = 0.5.1\n"
            "version_info = 3.13.0\ninclude-system-site-packages = false\nprompt = ruff\n",
            f"{tools}/uv/tools/ruff/lib/python3.13/site-packages/": b"",
            "home/ada/.pyenv/versions/3.12.1/lib/python3.12/site-packages/": b"",
            "home/ada/.cache/pypoetry/virtualenvs/web-x1/pyvenv.cfg": "version_info = 3.11.2.final.0\n"
            "base-executable = /usr/bin/python3.11\n",
            "home/ada/.cache/pypoetry/virtualenvs/web-x1/lib/python3.11/site-packages/": b"",
            "home/ada/project/.venv/pyvenv.cfg": "home = /usr/bin\n",
            "home/ada/project/.venv/lib/python3.12/site-packages/": b"",
        }
    )
    owner, home = os.getuid(), "/home/ada"
    assert answer(f"SELECT {COLUMNS} FROM python_environments ORDER BY kind, path", root) == [
        ("/opt/conda", "conda", "3.11.5", "/opt/conda/bin/python3.11", 0, owner, None, None),
        (f"/{tools}/pipx/venvs/black", "pipx", "3.12.3", "/usr/bin/python3.12", 2, 1000, None, None),
        (f"{home}/.cache/pypoetry/virtualenvs/web-x1", "poetry", "3.11.2", "/usr/bin/python3.11", 0, 1000, None, None),
        (f"{home}/.pyenv/versions/3.12.1", "pyenv", "3.12", None, 0, 1000, None, None),
        ("/usr", "system", "3.12", "/usr/bin/python3.12", 1, owner, None, None),
        (f"{home}/.local", "user", "3.12", None, 1, 1000, None, None),
        (f"/{tools}/uv/tools/ruff", "uv", "3.13.0", None, 0, 1000, "ruff", 0),
        (f"{home}/project/.venv", "venv", "3.12", "/usr/bin/python3.12", 0, 1000, None, None),
        ("/opt/app", "venv", "3.12.3", "/usr/bin/python3.12", 1, owner, "app", 1),
    ]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a virtual environment that the venv module made, two directories deep."""
    top = tmp_path_factory.mktemp("projects")
    place = top / "work" / "app" / ".venv"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--prompt", "beads", "--system-site-packages", place],
        check=True,
    )
    return top


def test_a_real_environment_by_its_path(answer, real) -> None:
    place = real / "work/app/.venv"
    code = "import platform, sys; print(platform.python_version(), sys._base_executable)"
    version, base = subprocess.run(
        [place / "bin/python", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert answer(f"SELECT {COLUMNS}, directory FROM python_environments WHERE path = '{place}'") == [
        (str(place), "venv", version, os.path.realpath(base), 0, os.getuid(), "beads", 1, str(place.parent))
    ]


def test_a_directory_is_searched_in_depth(answer, real) -> None:
    sql = f"SELECT path, kind, directory FROM python_environments WHERE directory = '{real}'"
    assert answer(sql) == [(str(real / "work/app/.venv"), "venv", str(real))]


def test_versions_in_one_prefix_have_a_row_each(answer, tree) -> None:
    root = tree(
        {
            "usr/lib/python3.9/site-packages/x-1.dist-info/METADATA": METADATA,
            "usr/lib/python3.13/site-packages/": b"",
            "usr/lib64/python3.13/site-packages/x-1.dist-info/METADATA": METADATA,
            "usr/lib/python2.7/dist-packages/": b"",
            "usr/lib/python-apt/": b"",
        }
    )
    assert answer("SELECT python_version, packages FROM python_environments", root) == [
        ("2.7", 0),
        ("3.9", 1),
        ("3.13", 1),
    ]


def test_kinds_are_known_by_the_place_a_path_names(answer, tree) -> None:
    root = tree({"home/x/.local/share/pipx/venvs/black/lib/python3.12/site-packages/": b"", "etc/": b""})
    sql = "SELECT kind FROM python_environments WHERE path = '/home/x/.local/share/pipx/venvs/black/'"
    assert answer(sql.replace("/'", "'"), root) == [("pipx",)]
    assert answer("SELECT kind FROM python_environments WHERE path IN ('/etc', '/none', 'relative')", root) == []


def test_links_in_circles_and_deep_trees_end(answer, tree, tmp_path) -> None:
    deep = "/".join("d" * 40)
    root = tree({f"srv/{deep}/pyvenv.cfg": "", "srv/a/pyvenv.cfg": "", "srv/a/lib/python3.1/os.py": ""})
    (tmp_path / "srv/loop").symlink_to("/srv")
    assert answer("SELECT path, python_version FROM python_environments WHERE directory = '/srv'", root) == [
        ("/srv/a", "3.1")
    ]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.text("0123456789.t\u00b2\u0663", max_size=6))
def test_any_settings_are_read_without_an_error(tmp_path: Path, content: bytes, number: str) -> None:
    (tmp_path / "pyvenv.cfg").write_bytes(content)
    (tmp_path / "lib" / f"python{number}" / "site-packages").mkdir(parents=True, exist_ok=True)
    known = pyenvironments.settings("", str(tmp_path))
    for environment in [*pyenvironments.at("", str(tmp_path)), Environment(str(tmp_path), "conda", "", [])]:
        pyenvironments.version("", environment, known)
        pyenvironments.interpreter("", environment, known)
