from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.configuration.document import DocumentError, Places, dotted, members, read, truth, whole

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
DOCUMENTS = st.dictionaries(TEXTS, VALUES, max_size=5)


@given(DOCUMENTS, st.sampled_from([None, 0, 1, 4]), st.booleans())
def test_a_document_without_comments_is_what_json_says(document: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    found, odd, _ = read(text)
    assert found == json.loads(text) == document
    assert odd == []


@given(DOCUMENTS, st.data())
def test_comments_and_continued_lines_change_nothing(document: Any, data: st.DataObject) -> None:
    lines = []
    for line in json.dumps(document, indent=1).split("\n"):
        kind = data.draw(st.integers(0, 4))
        if kind == 0:
            lines += ["  # a comment", "\t// and another"]
        place = data.draw(st.integers(0, len(line)))
        if kind == 1 and not line[:place].endswith("\\"):
            lines += [line[:place] + "\\", line[place:]]
        else:
            lines.append(line)
    assert read("\n".join(lines))[0] == document


@given(DOCUMENTS)
def test_every_member_is_found_on_its_line(document: Any) -> None:
    text = json.dumps(document, indent=1)
    lines = text.split("\n")
    places = Places(text)
    found = dict(members(places.text))
    expected: dict[tuple[Any, ...], Any] = {}

    def note(value: Any, path: tuple[Any, ...]) -> None:
        for name, member in value.items() if isinstance(value, dict) else enumerate(value):
            expected[(*path, name)] = member
            if isinstance(member, dict | list):
                note(member, (*path, name))

    note(document, ())
    assert found.keys() == expected.keys()
    for path, value in expected.items():
        line = lines[places.line(path) - 1].strip()
        start = json.dumps(path[-1]) + ": " if isinstance(path[-1], str) else ""
        assert line.startswith(start + json.dumps(value)[:1])


@given(st.text(max_size=60))
def test_no_text_makes_it_fail_otherwise_than_by_saying_so(text: str) -> None:
    line = 0
    try:
        read(text)
    except DocumentError as error:
        line = error.line
    assert 0 <= line <= text.count("\n") + 1


@given(st.text('{}[]",:# /\\\n\ta1-.eun\x00\u00e9', max_size=40))
def test_nearly_json_does_not_either(text: str) -> None:
    try:
        document, _, places = read(text)
    except DocumentError:
        return
    assert {path[0] for path, _ in members(places.text)} == document.keys()


def test_comments_go_and_continued_lines_are_joined() -> None:
    text = '# first\n  // second\n{"a": \\\n  "one \\\ntwo", "url": "http://x#y"}\n'
    assert read(text)[0] == {"a": "one two", "url": "http://x#y"}


def test_lines_may_end_as_windows_ends_them() -> None:
    text = '\ufeff# first\r\n{"a": \\\r\n1,\r\n"b": 2}\r\n'
    document, _, places = read(text)
    assert document == {"a": 1, "b": 2}
    assert places.line(("b",)) == 4


def test_errors_name_the_line_of_the_text_as_it_was_written() -> None:
    text = '# comment\n{"a": \\\n \\\n1,\n  // comment\n"b": nonsense}\n'
    with pytest.raises(DocumentError) as caught:
        read(text)
    assert (str(caught.value), caught.value.line) == ("Error parsing the config JSON: Expecting value", 6)


def test_a_mistake_in_a_continued_line_has_the_line_it_is_on() -> None:
    with pytest.raises(DocumentError) as caught:
        read('{"a": [1, \\\n   2, \\\n   oops,\\\n 3]}')
    assert caught.value.line == 3


def test_what_is_not_there_has_the_line_of_what_it_would_be_in() -> None:
    _, _, places = read('{\n"a": {\n"b": [1,\n{"c": 2}]}}')
    assert [places.line(path) for path in (("a", "b", 1, "c"), ("a", "b", 7), ("a", "x", "y"), ("z",))] == [4, 3, 2, 0]


def test_of_members_of_one_name_the_first_counts() -> None:
    document, odd, _ = read('{"a": {"x": 1,\n"x": 2},\n"b": 3, "a": {"x": 4}, "c": {"x": 1}}')
    assert document == {"a": {"x": 1}, "b": 3, "c": {"x": 1}}
    assert odd == [
        (2, "a.x is there twice: the first one counts"),
        (3, "a is there twice: the first one counts"),
    ]


@pytest.mark.parametrize(
    ("text", "sentence", "line"),
    [
        ("\n[]", "Error validating the config JSON: the document is not an object", 1),
        ('{"a":\n NaN}', "Error parsing the config JSON: NaN is not JSON", 2),
        ('{"a":\n 1e999}', "Error parsing the config JSON: the number 1e999 is too large", 2),
        ('{"a": "\\\\ud800",\n "b": "\\ud83d"}', "Error parsing the config JSON: half of a surrogate pair", 2),
        ("", "Error parsing the config JSON: Expecting value", 1),
        ("[" * 100_000, "Error validating the config JSON: nested deeper than 32", 0),
        ('{"a":' * 33 + "1" + "}" * 33, "Error validating the config JSON: nested deeper than 32", 0),
        ('{"a":"' + "x" * (4 << 20) + '"}', "Error parsing the config JSON: the size limit is 4194304 bytes", 0),
        ('{"a":' + "1" * 5000 + "}", "Error parsing the config JSON: ", 0),
    ],
)
def test_what_is_no_configuration_is_refused_with_a_sentence(text: str, sentence: str, line: int) -> None:
    with pytest.raises(DocumentError) as caught:
        read(text)
    assert str(caught.value).startswith(sentence)
    assert caught.value.line == line


def test_thirty_two_levels_are_accepted_and_comments_do_not_count_as_size() -> None:
    assert read("// " + "x" * (5 << 20) + "\n" + '{"a":' * 32 + "1" + "}" * 32)[0]


def test_booleans_and_numbers_may_be_texts() -> None:
    true: list[object] = [True, 1, "true", "t", "T"]
    false: list[object] = [0, "false", "no", None]
    assert all(truth(value, False) for value in true)
    assert not any(truth(value, False) for value in false)
    assert truth(None, True)
    numbers: list[object] = [5, "5", 5.0, "x", None, []]
    assert [whole(value) for value in numbers] == [5, 5, 5, None, None, None]


def test_a_path_is_written_as_people_do() -> None:
    assert dotted(("packs", "p", "discovery", 1)) == "packs.p.discovery[1]"
