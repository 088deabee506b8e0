from __future__ import annotations

import json
from hashlib import sha1

import pytest

from leadline.agent.configuration import EMPTY, load, parse, strip, truth, whole


def test_comments_go_and_continued_lines_are_joined() -> None:
    text = '# first\n  // second\n{"a": \\\n  "one \\\ntwo", "url": "http://x#y"}\n'
    document, problems = parse("f", text)
    assert document == {"a": "one two", "url": "http://x#y"}
    assert problems == []


def test_errors_name_the_line_of_the_text_as_it_was_written() -> None:
    text = '# comment\n{"a": \\\n1,\n"b": nonsense}\n'
    _, (problem,) = parse("f.conf", text)
    assert problem.line == 4
    assert str(problem).startswith("Error parsing the config JSON: ")
    assert str(problem).endswith("(f.conf:4)")


def test_every_line_keeps_its_number() -> None:
    assert strip("a\\\nb\\\nc\nd").split("\n") == ["abc", "", "", "d"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[]", "Error validating the config JSON: the document is not an object"),
        ('{"a": NaN}', "Error parsing the config JSON: NaN is not JSON"),
        ("", "Error parsing the config JSON: Expecting value"),
        ("[" * 100_000, "Error parsing the config JSON: "),
        ('{"a":' * 33 + "1" + "}" * 33, "Error validating the config JSON: nested deeper than 32"),
        ('{"a":"' + "x" * (4 << 20) + '"}', "Error parsing the config JSON: the size limit is 4194304 bytes"),
    ],
)
def test_what_is_no_configuration_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    document, (problem,) = parse("f", text)
    assert document is None
    assert problem.sentence.startswith(sentence)


def test_thirty_two_levels_are_accepted() -> None:
    document, problems = parse("f", '{"a":' * 32 + "1" + "}" * 32)
    assert document is not None
    assert not problems


def test_a_key_of_the_wrong_type_is_a_problem_and_the_rest_is_read() -> None:
    document, (problem,) = parse("f", '{"schedule": "x", "options": {"verbose": true}, "unknown": 1}')
    assert document == {"options": {"verbose": True}, "unknown": 1}
    assert problem.sentence == "Error config schedule should be an array or object"


def test_members_of_later_sources_win() -> None:
    configuration = load({"a": '{"schedule": {"q": 1, "r": 2}}', "b": '{"schedule": {"q": 3}}'})
    assert sorted(configuration.members("schedule")) == [("a", "r", 2), ("b", "q", 3)]


def test_a_source_that_breaks_keeps_what_it_said_before() -> None:
    first = load({"a": '{"schedule": {"q": 1}}', "b": "{}"})
    second = load({"a": "{", "b": '{"packs": {}}'}, first)
    assert second.documents == {"a": {"schedule": {"q": 1}}, "b": {"packs": {}}}
    assert len(second.problems) == 1


def test_the_hash_is_made_of_the_hashes_of_the_sources_by_name() -> None:
    texts = {"b": "{}", "a": json.dumps({"x": 1})}
    expected = sha1("".join(sha1(texts[name].encode()).hexdigest() for name in ("a", "b")).encode()).hexdigest()
    assert load(texts).hash == expected
    assert load(texts).hash != EMPTY.hash


def test_booleans_and_numbers_may_be_texts() -> None:
    assert [truth(value, False) for value in (True, 1, "true", "t", "T", 0, "false", "no", None)] == [True] * 5 + [
        False
    ] * 4
    assert truth(None, True)
    assert [whole(value) for value in (5, "5", 5.0, "x", None, [])] == [5, 5, 5, None, None, None]
