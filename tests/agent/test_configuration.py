from __future__ import annotations

import json
import os
from collections.abc import Sequence
from hashlib import sha1
from pathlib import Path

import pytest

from leadline.agent.configuration import EMPTY, Configuration, load, subscribers
from leadline.configuration import files, packs
from leadline.plugins.errors import PluginError
from leadline.plugins.kinds import PackText


def sentences(configuration: Configuration) -> list[str]:
    return [str(problem) for problem in configuration.problems]


def from_files(name: str, value: str) -> Sequence[PackText]:
    try:
        return [PackText(*pack) for pack in packs.read(name, value)]
    except OSError as error:
        raise PluginError(f"{error.filename}: {error.strerror}") from error


def test_mistakes_name_source_and_line() -> None:
    configuration = load({"/etc/o.conf": '// x\n{"views": {"v": 1,\n"w": "SELECT 1"},\n"yara": 5,\n"packs": {"p": 7}}'})
    assert configuration.documents["/etc/o.conf"] == {"views": {"w": "SELECT 1"}, "packs": {"p": 7}}
    assert sentences(configuration) == [
        "Error config views.v should be a string (/etc/o.conf:2)",
        "Error config yara should be an array or object (/etc/o.conf:4)",
        "Pack p should be an object or a string (/etc/o.conf:5)",
    ]
    assert not configuration.broken


def test_members_of_later_sources_win() -> None:
    configuration = load({"a": '{"schedule": {"q": 1, "r": 2}}', "b": '{"schedule": {"q": 3}}'})
    found = [(member.source, member.name, member.value) for member in configuration.members("schedule")]
    assert sorted(found) == [("a", "r", 2), ("b", "q", 3)]
    assert configuration.section("schedule") == {"q": 3, "r": 2}


def test_a_source_that_breaks_keeps_what_it_said_before() -> None:
    first = load({"a": '{"schedule": {"q": 1}}', "b": "{}"})
    second = load({"a": "{", "b": '{"packs": {}}'}, first)
    assert second.documents == {"a": {"schedule": {"q": 1}}, "b": {"packs": {}}}
    assert sentences(second) == [
        "Error parsing the config JSON: Expecting property name enclosed in double quotes (a:1)"
    ]
    assert second.broken
    assert load({"a": "{"}).documents == {}


def test_the_hash_is_made_of_the_hashes_of_the_sources_by_name() -> None:
    texts = {"b": "{}", "a": json.dumps({"x": 1})}
    expected = sha1("".join(sha1(texts[name].encode()).hexdigest() for name in ("a", "b")).encode()).hexdigest()
    assert load(texts).hash == expected
    assert load(texts).hash != EMPTY.hash


def test_subscribers_are_kept() -> None:
    configuration = load({"a": '{"events": {"enable_subscribers": ["x"], "disable_subscribers": ["y", "z"]}}'})
    assert subscribers(configuration) == ({"x"}, {"y", "z"})
    assert subscribers(EMPTY) == (frozenset(), frozenset())


def test_packs_come_from_inside_from_files_and_from_patterns(tmp_path: Path) -> None:
    (tmp_path / "one.conf").write_text('# a pack\n{"queries": {"a": {"query": "SELECT 1"}}}')
    (tmp_path / "d").mkdir()
    for name in ("x.conf", "y.conf", "z.txt"):
        (tmp_path / "d" / name).write_text('{"queries": {}}')
    (tmp_path / "d" / "broken.conf").write_text('{"queries": {},\n}')
    text = json.dumps(
        {"packs": {"in": {"queries": {}}, "one": f"{tmp_path}/one.conf", "*": f"{tmp_path}/d/%.conf", "no": "/none"}},
        indent=1,
    )
    configuration = load({"f": text}, EMPTY, from_files)
    assert [(pack.name, pack.place) for pack in configuration.packs] == [
        ("in", "f"), ("one", f"{tmp_path}/one.conf"), ("x", f"{tmp_path}/d/x.conf"), ("y", f"{tmp_path}/d/y.conf"),
    ]  # fmt: skip
    assert sentences(configuration) == [
        'Error parsing the "broken" pack JSON: Expecting property name enclosed in double quotes'
        f" ({tmp_path}/d/broken.conf:2)",
        "Pack no cannot be read: /none: No such file or directory (f:8)",
    ]
    assert "there is none at" in str(load({"f": '{"packs": {"*": "/none/*"}}'}, EMPTY, from_files).problems[0])


def test_a_pack_that_cannot_be_read_any_more_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "p.conf"
    texts = {"f": json.dumps({"packs": {"p": str(path)}})}
    path.write_text('{"queries": {"a": {}}}')
    first = load(texts, EMPTY, from_files)
    path.write_text("{")
    second = load(texts, first, from_files)
    assert second.packs == first.packs
    path.unlink()
    third = load(texts, second, from_files)
    assert len(third.problems) == 2  # it cannot be got, and what was got last is broken
    assert third.packs == first.packs


def test_several_packs_may_come_in_one_object() -> None:
    def fetch(name: str, value: str) -> Sequence[PackText]:
        return [PackText(name, "the extension", f'{{"a": {{"queries": {{}}}}, "{value}": {{}}, "bad": 1}}')]

    configuration = load({"f": '{"packs": {"*": "b"}}'}, EMPTY, fetch)
    assert [pack.name for pack in configuration.packs] == ["a", "b"]
    assert sentences(configuration) == ["Pack bad should be an object (the extension:1)"]


def test_sections_of_packs_count_while_the_pack_is_active() -> None:
    text = '{"file_paths": {"a": ["/a"]}, "packs": {"p": {"file_paths": {"b": ["/b"], "c": 1}, "schedule": {"q": {}}}}}'
    configuration = load({"f": text})
    assert configuration.section("file_paths") == {"a": ["/a"], "b": ["/b"]}
    assert configuration.section("schedule") == {"q": {}}
    assert list(configuration.members("schedule")) == []
    assert sentences(configuration) == ["Error config file_paths.c should be an array of strings (f:1)"]
    assert configuration._replace(inactive=frozenset({("f", "p")})).section("file_paths") == {"a": ["/a"]}


def test_without_a_plugin_packs_elsewhere_are_a_problem() -> None:
    assert sentences(load({"f": '{"packs": {"p": "/x"}}'})) == [
        "Pack p cannot be read: nothing can get it by '/x' (f:1)"
    ]


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.conf")
    with pytest.raises(OSError, match="Not a regular file"):
        files.text(str(tmp_path / "pipe.conf"))
