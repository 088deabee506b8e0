"""The augeas table, with the distribution's lenses and augtool as the judge."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.linux import augeas as reader

Ask = Callable[..., list[dict[str, Any]]]
# A few modules instead of hundreds make a start of libaugeas ten times as fast.
MODULES = ("aptsources", "build", "hostname", "hosts", "hosts_access", "quote", "rx", "sep", "simplevars", "util")
LENSES = "/usr/share/augeas/lenses/dist"
HOSTS = "127.0.0.1 localhost loopback\n# a comment\n10.0.0.1 router # gate\n"


@pytest.fixture(autouse=True)
def library() -> None:
    try:
        ctypes.CDLL("libaugeas.so.0")
    except OSError:
        pytest.skip("libaugeas0 is not installed")
    if not os.path.isdir(LENSES):
        pytest.skip("augeas-lenses is not installed")


@pytest.fixture
def root(tmp_path: Path) -> str:
    """A root with a few configuration files."""
    if os.geteuid():
        pytest.skip("entering another root takes root")
    (tmp_path / "etc/apt").mkdir(parents=True)
    (tmp_path / "etc/hosts").write_text(HOSTS)
    (tmp_path / "etc/hosts.allow").write_text("sshd: ALL\n")
    (tmp_path / "etc/hostname").write_text("ship\n")
    (tmp_path / "etc/apt/sources.list").write_text("deb http://deb.example.org stable main contrib\n")
    return str(tmp_path)


@pytest.fixture
def few(ask: Ask, program: Any, tmp_path: Path) -> Ask:
    """``few(sql, root)``: the answer with a few lenses only."""
    lenses = tmp_path / "few"
    lenses.mkdir()
    for module in MODULES:
        lenses.joinpath(f"{module}.aug").symlink_to(f"{LENSES}/{module}.aug")
    runtime = program(augeas_lenses=str(lenses))
    return lambda sql, root="": ask(sql, root, runtime=runtime)


def augtool(root: str, expression: str) -> dict[str, str | None]:
    """What augtool prints of the nodes below an expression: value by path."""
    program = shutil.which("augtool")
    if program is None:
        pytest.skip("augeas-tools is not installed")
    done = subprocess.run([program, "--root", root, "--nostdinc", "--include", LENSES, "print", expression],
                          capture_output=True, text=True, check=True)  # fmt: skip
    found: dict[str, str | None] = {}
    for line in done.stdout.splitlines():
        node, equals, value = line.partition(" = ")
        found[node] = value[1:-1].replace('\\"', '"') if equals else None
    return found


def test_a_file_is_taken_apart(few: Ask, root: str) -> None:
    rows = few("SELECT * FROM augeas WHERE path = '/etc/hosts' ORDER BY node", root)
    assert [tuple(row.values()) for row in rows] == [
        ("/files/etc/hosts", None, "hosts", "/etc/hosts"),
        ("/files/etc/hosts/#comment", "a comment", "#comment", "/etc/hosts"),
        ("/files/etc/hosts/1", None, "1", "/etc/hosts"),
        ("/files/etc/hosts/1/alias", "loopback", "alias", "/etc/hosts"),
        ("/files/etc/hosts/1/canonical", "localhost", "canonical", "/etc/hosts"),
        ("/files/etc/hosts/1/ipaddr", "127.0.0.1", "ipaddr", "/etc/hosts"),
        ("/files/etc/hosts/2", None, "2", "/etc/hosts"),
        ("/files/etc/hosts/2/#comment", "gate", "#comment", "/etc/hosts"),
        ("/files/etc/hosts/2/canonical", "router", "canonical", "/etc/hosts"),
        ("/files/etc/hosts/2/ipaddr", "10.0.0.1", "ipaddr", "/etc/hosts"),
    ]


def test_augtool_says_the_same_of_all_files(ask: Ask, root: str) -> None:
    rows = ask("SELECT node, value FROM augeas", root)
    theirs = augtool(root, "/files")
    assert {row["node"]: row["value"] for row in rows} == {
        node: value for node, value in theirs.items() if node != "/files"
    }


def test_augtool_says_the_same_of_this_machine(ask: Ask) -> None:
    rows = ask("SELECT node, value FROM augeas WHERE path = '/etc/passwd'")
    assert {row["node"]: row["value"] for row in rows} == augtool("/", "/files/etc/passwd")


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("path = '/etc'", 1),
        ("path = '/etc/hosts' AND label = 'hosts'", 1),
        ("path IN ('/etc/hosts', '/etc/hostname')", 12),
        ("path LIKE '/etc/hosts'", 10),
        ("path LIKE '/etc/hosts/%'", 0),
        ("path LIKE '/etc/hosts%'", 14),
        ("path LIKE '/%/hosts'", 10),
        ("path LIKE '/etc/apt/%%'", 7),
        ("path LIKE '/etc/%'", 4),
        ("node = '/files/etc/hosts'", 1),
        ("node = '/files/etc/hosts/1/ipaddr'", 1),
        ("node = '/augeas/load'", 1),
        ("node LIKE '/augeas/load'", 1),
        ("node LIKE '/%/load'", 1),
        ("node LIKE '/files/etc/hosts/%'", 3),
        ("node LIKE '/files/etc/hosts/%/ipaddr'", 2),
        ("node LIKE '/files/etc/hosts/1/can%'", 1),
        ("node LIKE '/files/etc/hosts/%%'", 9),
        ("node GLOB '/files/etc/hosts/*'", 9),
        ("node = '/files/no such/]['", 0),
        ("path = '/etc/no [such] file'", 0),
        ("path = ''", 0),
        ("value = 'router'", 1),
    ],
)  # fmt: skip
def test_constraints_select_nodes(few: Ask, root: str, condition: str, count: int) -> None:
    rows = few(f"SELECT node FROM augeas WHERE {condition}", root)
    assert len(rows) == count, [row["node"] for row in rows]


def test_hundreds_of_lenses_are_known(ask: Ask, root: str) -> None:
    [row] = ask("SELECT count(*) AS n FROM augeas WHERE node LIKE '/augeas/load/%%'", root)
    assert row["n"] > 1000


def test_the_old_name_still_answers(few: Ask, root: str) -> None:
    assert len(few("SELECT * FROM configurations WHERE path = '/etc/hostname'", root)) == 2


def test_a_link_out_of_a_root_leads_nowhere(few: Ask, root: str, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.write_text("10.9.9.9 secret\n")
    os.unlink(f"{root}/etc/hosts")
    os.symlink(outside, f"{root}/etc/hosts")
    assert few("SELECT * FROM augeas WHERE path = '/etc/hosts'", root) == []
    assert few("SELECT * FROM augeas WHERE value = 'secret'", root) == []


def test_without_lenses_there_is_one_warning(ask: Ask, program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from leadline.tables.files import augeas

    monkeypatch.setattr(augeas, "_DISTRIBUTION", "/nowhere")
    said: list[str] = []
    runtime = program(augeas_lenses="/nowhere/else")
    assert ask("SELECT * FROM augeas", runtime=runtime, warn=lambda *words: said.append(words[-1])) == []
    assert said == ["No Augeas lenses: neither the flag augeas_lenses nor Debian's augeas-lenses provides any"]


def test_the_flag_names_the_lenses(ask: Ask, program: Any, tmp_path: Path, root: str) -> None:
    lenses = tmp_path / "lenses"
    lenses.mkdir()
    lenses.joinpath("mine.aug").write_text(
        'module Mine =\n autoload xfm\n let line = [ key /[a-z]+/ . del /=/ "=" . store /[^\\n]+/ . del /\\n/ "\\n" ]\n'
        ' let lns = line*\n let xfm = transform lns (incl "/etc/mine")\n'
    )
    (tmp_path / "etc/mine").write_text("a=1\nb=2\n")
    runtime = program(augeas_lenses=str(lenses))
    rows = ask("SELECT label, value FROM augeas WHERE path = '/etc/mine'", root, runtime=runtime)
    assert [(row["label"], row["value"]) for row in rows] == [("mine", None), ("a", "1"), ("b", "2")]


def test_the_library_that_is_missing_is_said() -> None:
    program = (
        "from leadline.linux import augeas; augeas._LIBRARY = 'libnothing.so.0';"
        "print(list(augeas.rows(['', '/', '/files'], [])))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "['libnothing.so.0 is not installed']\n"
    assert reader._LIBRARY == "libaugeas.so.0"


HOSTILE = [b"\0" * 1000, b"a" * 100_000, b"127.0.0.1 \xff\xfe\n", b"[" * 10_000]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=100) | st.sampled_from(HOSTILE), min_size=4, max_size=4))
def test_whatever_the_files_hold_the_table_answers(few: Ask, root: str, contents: list[bytes]) -> None:
    for name, content in zip(("hosts", "hosts.allow", "hostname", "apt/sources.list"), contents, strict=True):
        Path(root, "etc", name).write_bytes(content)
    few("SELECT * FROM augeas", root)


EXPRESSIONS = ["/files/etc[", "//*[. =~ regexp('(a*)*b')]", "$x", "/files/etc/hosts/*[last()", "'"]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_whatever_is_asked_for_the_table_answers(few: Ask, root: str, expression: str) -> None:
    quoted = expression.replace("'", "''")
    assert few(f"SELECT * FROM augeas WHERE node = '{quoted}'", root) == []
