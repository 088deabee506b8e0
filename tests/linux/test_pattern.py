from __future__ import annotations

from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from leadline.linux import pattern

NAMES = st.text("ab._", max_size=6)


@given(st.text("ab._%", min_size=1, max_size=6), NAMES)
def test_steps_of_like_fit_what_fnmatch_fits(part: str, name: str) -> None:
    [step] = pattern.like(f"/{part}").steps or [part]
    fits = step == name if isinstance(step, str) else step(name)
    assert fits == fnmatchcase(name, part.replace("%", "*"))


@given(st.text("ab*?", min_size=1, max_size=6), NAMES)
def test_steps_of_glob_fit_what_fnmatch_fits(part: str, name: str) -> None:
    [step] = pattern.glob(f"/{part}").steps or [part]
    fits = step == name if isinstance(step, str) else step(name)
    assert fits == fnmatchcase(name, part)


def test_a_pattern_is_taken_apart_at_its_first_wildcard() -> None:
    found = pattern.like("/home/%/.ssh/id_%%")
    assert found.base == "/home/"
    assert found.steps[0] is pattern.anything
    assert found.steps[1] == ".ssh"
    assert found.recursive
    assert not found.folders
    assert pattern.like("/a/%/").folders
    assert not pattern.like("/a/%%.conf").recursive
    assert pattern.like("/a/b").base == "/a/b"
    assert pattern.like("/a//%").base == "/a//"
    assert pattern.like("/%").base == "/"
    assert pattern.like("/").steps == []


def test_relative_patterns_start_in_the_given_directory() -> None:
    assert pattern.like("b/%", "/a").base == "/a/b/"
    assert pattern.like("%", "/").base == "/"
