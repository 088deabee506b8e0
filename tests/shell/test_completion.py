"""What completion offers at the cursor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.flags import Flags
from leadline.shell.completion import Vocabulary, candidates, mentioned
from leadline.shell.prompt import finished, vocabulary

TABLES = {
    "processes": ["pid", "name", "path"],
    "process_envs": ["pid", "key", "value"],
    "users": ["uid", "username"],
    "listening_ports": ["pid", "port"],
}
WORDS = Vocabulary(TABLES, ["upper", "sha1"])


def offered(text):
    before, _, after = text.partition("▮")
    return [candidate.text for candidate in candidates(before, after, WORDS)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select * from pro▮", ["processes", "process_envs"]),
        ("select * from PRO▮", ["processes", "process_envs"]),
        ("select * from ports▮", ["listening_ports"]),
        ("select * from users u join ▮", list(TABLES)),
        ("select * from users, pro▮", ["processes", "process_envs"]),
        ("select * from users where uid in (select uid from proc▮", ["processes", "process_envs"]),
        ("pragma table_info(us▮", ["users"]),
    ],
)
def test_tables_come_after_from_and_join(text, expected):
    assert offered(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select u▮ from users", ["uid", "username", "upper("]),
        ("select p.▮ from users u join processes p", ["pid", "name", "path"]),
        ("select * from users as u where u.user▮", ["username"]),
        ("select * from processes where pa▮", ["path"]),
        ("select * from processes join users using (ui▮", ["uid"]),
        ("select nothing.▮ from users", []),
    ],
)
def test_columns_are_those_of_the_statements_tables(text, expected):
    assert offered(text)[: len(expected) or None] == expected


def test_keywords_and_functions_are_offered_by_their_start():
    assert offered("sel▮") == ["SELECT"]
    assert offered("select sha▮") == ["sha1("]


@pytest.mark.parametrize("text", ["select 'fro▮", "select 1 -- fro▮", "select 1 /* fro▮"])
def test_nothing_is_offered_in_strings_and_comments(text):
    assert offered(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".mo▮", ["mode"]),
        (".mode li▮", ["line", "list"]),
        (".schema us▮", ["users"]),
        (".timer o▮", ["on", "off"]),
        (".types select * from us▮", ["users"]),
    ],
)
def test_meta_commands_and_their_arguments_are_offered(text, expected):
    assert offered(text) == expected


def test_tables_are_found_with_their_aliases():
    assert mentioned("select * from users u, processes as p join process_envs using (pid) where 1", TABLES) == {
        "users": "users",
        "u": "users",
        "processes": "processes",
        "p": "processes",
        "process_envs": "process_envs",
    }


@given(st.text("select from,.()'\"-/*\n users p", max_size=60), st.text(max_size=10))
def test_no_text_makes_completion_fail(before, after):
    for candidate in candidates(before, after, WORDS):
        assert 0 <= candidate.length <= len(before)


def test_the_vocabulary_comes_from_the_catalogue_and_the_engine():
    words = vocabulary(Flags())
    assert {"pid", "name"} <= set(words.tables["processes"])
    assert {"upper", "version_compare"} <= set(words.functions)


@pytest.mark.parametrize("text", [".help", "", "select 1;", "-- remark", "select ';';"])
def test_enter_sends_what_is_finished(text):
    assert finished(text)


@pytest.mark.parametrize("text", ["select 1", "select ';", ".types select 1", "select 1; select"])
def test_enter_starts_a_new_line_in_what_is_not(text):
    assert not finished(text)
