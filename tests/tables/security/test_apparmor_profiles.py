"""apparmor_profiles, on a tree as securityfs lays it out."""

from __future__ import annotations

from pathlib import Path

import pytest

POLICY = "sys/kernel/security/apparmor/policy/profiles"


def profile(place: str, name: str, **files: str) -> dict[str, str | bytes]:
    told = {"name": name, "mode": "enforce", "attach": "<unknown>", **files}
    return {f"{POLICY}/{place}/{file}": f"{text}\n" for file, text in told.items()}


@pytest.fixture
def confined(tree) -> str:
    """A machine with profiles of both digests, and profiles within one."""
    return tree({
        **profile("usr.bin.man.3", "/usr/bin/man", attach="/usr/bin/man", sha256="ab" * 32),
        **profile("usr.bin.man.3/profiles/man_groff.4", "man_groff", sha256="cd" * 32),
        **profile("usr.bin.man.3/profiles/man_groff.4/profiles/hat.5", "hat", mode="complain"),
        **profile("lsb_release.1", "lsb_release", mode="complain", sha1="ef" * 20),
        f"{POLICY}/half.9/mode": "enforce\n",
    })  # fmt: skip


def test_profiles_are_told_with_those_they_lie_in(answer, confined) -> None:
    assert answer("SELECT path, name, attach, mode, sha1, sha256 FROM apparmor_profiles", confined) == [
        ("lsb_release", "lsb_release", "<unknown>", "complain", "ef" * 20, None),
        ("/usr/bin/man", "/usr/bin/man", "/usr/bin/man", "enforce", None, "ab" * 32),
        ("/usr/bin/man//man_groff", "man_groff", "<unknown>", "enforce", None, "cd" * 32),
        ("/usr/bin/man//man_groff//hat", "hat", "<unknown>", "complain", None, None),
    ]


def test_a_profile_is_found_by_its_path(answer, confined) -> None:
    sql = "SELECT name FROM apparmor_profiles WHERE path = '/usr/bin/man//man_groff'"
    assert answer(sql, confined) == [("man_groff",)]
    sql = f"SELECT name FROM apparmor_profiles WHERE sha256 = '{'AB' * 32}'"
    assert answer(sql, confined) == [("/usr/bin/man",)]


def test_a_machine_without_apparmor_has_no_profiles(answer, root) -> None:
    assert answer("SELECT * FROM apparmor_profiles", root) == []


def test_links_are_not_followed_round_in_circles(answer, tree, tmp_path: Path) -> None:
    root = tree(profile("a.1", "a"))
    (tmp_path / POLICY / "a.1/profiles").mkdir()
    (tmp_path / POLICY / "a.1/profiles/again.1").symlink_to("../..")
    (tmp_path / POLICY / "b.2").symlink_to("a.1")
    assert answer("SELECT path FROM apparmor_profiles", root) == [("a",)]


def test_profiles_within_profiles_without_end_end(answer, tree) -> None:
    deep: dict[str, str | bytes] = {}
    for depth in range(70):
        deep |= profile("/".join(["p.1"] + ["profiles/p.1"] * depth), "p")
    root = tree(deep)
    assert answer("SELECT count(*) FROM apparmor_profiles", root) == [(64,)]
