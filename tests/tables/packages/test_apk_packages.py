from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.linux import apk

BUSYBOX = """C:Q1uJvIrMi2pFoSjB0HMwEyQhZcAnk=
P:busybox
V:1.36.1-r29
A:x86_64
S:507831
I:946176
T:Size optimized toolbox of many common UNIX utilities
U:https://busybox.net/
L:GPL-2.0-only
o:busybox
m:Sören <soren@example.org>
t:1718060421
c:1747c01fb96905f101c25609011589d28e01cbb8
D:so:libc.musl-x86_64.so.1
F:bin
R:busybox
a:0:0:755
Z:Q1x
P:forged

"""
EMPTY = "P:.build-deps\nV:20240611.000000\nA:noarch\nS:0\nI:nonsense\n"


def test_packages_of_alpine(ask, tree) -> None:
    root = tree({"lib/apk/db/installed": BUSYBOX + EMPTY})
    assert ask("SELECT * FROM apk_packages", root) == [
        {
            "name": "busybox",
            "version": "1.36.1-r29",
            "arch": "x86_64",
            "size": 507831,
            "installed_size": 946176,
            "origin": "busybox",
            "maintainer": "Sören <soren@example.org>",
            "license": "GPL-2.0-only",
            "url": "https://busybox.net/",
            "description": "Size optimized toolbox of many common UNIX utilities",
            "build_time": 1718060421,
            "commit": "1747c01fb96905f101c25609011589d28e01cbb8",
        },
        {
            "name": ".build-deps",
            "version": "20240611.000000",
            "arch": "noarch",
            "size": 0,
            "installed_size": None,
            "origin": None,
            "maintainer": None,
            "license": None,
            "url": None,
            "description": None,
            "build_time": None,
            "commit": None,
        },
    ]


def test_the_database_may_lie_below_usr(answer, tree) -> None:
    root = tree({"usr/lib/apk/db/installed": BUSYBOX})
    assert answer("SELECT name FROM apk_packages", root) == [("busybox",)]


def test_a_machine_without_apk_has_no_rows(answer, tmp_path) -> None:
    assert answer("SELECT * FROM apk_packages", str(tmp_path)) == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text("PVASI:\n F", max_size=100).map(str.encode))
def test_any_content_is_read_without_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lib/apk/db").mkdir(parents=True, exist_ok=True)
    (tmp_path / "lib/apk/db/installed").write_bytes(content)
    for fields in apk.packages(str(tmp_path)):
        assert fields["P"] is not None
