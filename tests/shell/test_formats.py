"""The output modes, as functions from rows to text."""

from __future__ import annotations

import csv as standard_csv
import io
import json as standard_json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.shell.formats import json
from leadline.shell.formats.cells import visible
from leadline.shell.formats.column import columns
from leadline.shell.formats.delimited import csv, plain
from leadline.shell.formats.line import lines
from leadline.shell.formats.pretty import table
from leadline.sql.errors import SQLError
from leadline.sql.values import text


class Answer:
    """Columns and rows; ``error`` is raised after the last row."""

    def __init__(self, columns, rows, error=None):
        self.columns = tuple(columns)
        self.rows = rows
        self.error = error

    def __iter__(self):
        yield from self.rows
        if self.error:
            raise self.error


texts = st.text(st.characters(exclude_categories=["Cs"]))
cells = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.binary(), texts, st.just("\\u001f\x0b")
)


@st.composite
def answers(draw, cells=cells, names=texts, least=0):
    columns = draw(st.lists(names, min_size=1, max_size=4))
    rows = draw(st.lists(st.tuples(*[cells] * len(columns)), min_size=least, max_size=5))
    return Answer(columns, rows)


@pytest.mark.parametrize("form", [json.document, json.pretty])
@given(st.lists(answers(), max_size=3))
def test_json_is_read_back_as_the_texts_of_the_cells(form, results):
    expected = [
        {name.partition("\0")[0]: text(value, "NIL") for name, value in zip(result.columns, row, strict=True)}
        for result in results
        for row in result.rows
    ]
    if any("\0" in name for result in results for name in result.columns):
        return  # SQLite has no such column names
    document = "".join(form(results, "NIL"))
    assert standard_json.loads(document) == expected
    for row in standard_json.loads(document, object_pairs_hook=list):
        assert [name for name, _ in row] == sorted(name for name, _ in row)


@given(answers(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), texts)))
def test_typed_json_is_read_back_as_the_values(answer):
    if any("\0" in name for name in answer.columns):
        return
    expected = [
        {
            name: value.partition("\0")[0] if isinstance(value, str) else value
            for name, value in zip(answer.columns, row, strict=True)
        }
        for row in answer.rows
    ]
    assert standard_json.loads("".join(json.document([answer], numbers=True))) == expected


def test_json_escapes_as_rapidjson_does():
    value = '"\\/\b\t\n\f\r\x01\x0b\x1f\x7f\x80é€\U0001f600\u2028'
    assert json.quote(value) == '"\\"\\\\/\\b\\t\\n\\f\\r\\u0001\\u000B\\u001F\x7f\x80é€\U0001f600\u2028"'
    assert json.quote("\\u001f") == '"\\\\u001f"'
    assert json.quote("a\0b") == '"a"'


def test_names_with_percent_signs_and_quotes_are_keys_too():
    answer = Answer(['50%s"', "count(*) % 2"], [(1, 2)])
    assert "".join(json.document([answer])) == '[\n  {"50%s\\"":"1","count(*) % 2":"2"}\n]\n'


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (json.document, '[\n  {"a":"1"}\n]\n'),
        (json.pretty, '[\n  {\n    "a": "1"\n  }\n]\n'),
        (table, "+---+\n| a |\n+---+\n| 1 |\n+---+\n"),
    ],
)
def test_rows_before_an_error_are_printed_whole(form, expected):
    pieces = []
    made = form([Answer(["a"], [(1,)], SQLError("no"))])
    with pytest.raises(SQLError):
        pieces.extend(iter(lambda: next(made), None))
    assert "".join(pieces) == expected


@given(answers(texts.filter(lambda value: "\0" not in value), texts.filter(lambda name: "\0" not in name), least=1))
def test_csv_is_read_back(answer):
    written = "".join(csv(answer, ",", header=True, null=""))
    read = list(standard_csv.reader(io.StringIO(written, newline=""), strict=True))
    assert read == [list(answer.columns), *map(list, answer.rows)]


def csv_line(*values, separator=",", null=""):
    return "".join(csv(Answer("abcdefgh"[: len(values)], [values]), separator, header=False, null=null))


def test_csv_quotes_by_osquerys_table_of_bytes():
    assert csv_line("plain", "a-b/c.d", "!#$%&()*+;") == "plain,a-b/c.d,!#$%&()*+;\n"
    assert csv_line("it's", "é", "\x7f", "a b", "", "tab\t") == '"it\'s","é","\x7f","a b","","tab\t"\n'


def test_csv_prints_null_as_it_is_and_an_empty_blob_quoted():
    assert csv_line(None, "", b"", 1.0, null="") == ',"","",1.0\n'
    assert csv_line(None, "x", null="no value") == "no value,x\n"


def test_csv_looks_for_a_long_separator_at_the_start_of_a_field_only():
    assert csv_line("a::b", "::b", separator="::") == 'a::b::"::b"\n'
    assert csv_line("a", "b", separator="") == "ab\n"


def test_lists_are_plain():
    answer = Answer(["a", "b"], [("x|y", None), (1.5, b"\xff\0z")])
    assert "".join(plain(answer, "|", header=True, null="-")) == "a|b\nx|y|-\n1.5|\\xFF\n"
    assert "".join(plain(Answer(["a"], []), "|", header=True, null="")) == ""


def test_line_mode_aligns_names_by_bytes():
    answer = Answer(["é", "longer name"], [(1, None), (2, "x")])
    assert "".join(lines(answer, null="-")) == ("         é = 1\nlonger name = -\n\n         é = 2\nlonger name = x\n")
    assert "".join(lines(Answer(["a"], [(1,)]), null="")) == "    a = 1\n"


def test_column_mode_takes_widths_from_the_header_and_the_first_row():
    answer = Answer(["a", "a name of some length"], [("first cell is long", 1), ("a later cell is cut off", 2)])
    assert "".join(columns(answer, [], header=True, null="")) == (
        "a                   a name of some length\n"
        "------------------  ---------------------\n"
        "first cell is long  1                    \n"
        "a later cell is cu  2                    \n"
    )


def test_column_mode_aligns_to_the_right_for_negative_widths():
    answer = Answer(["name", "n"], [("abcdef", 1)])
    assert "".join(columns(answer, [-3, -4], header=True, null="")) == "nam     n\n---  ----\nabc     1\n"
    assert "".join(columns(answer, [4], header=False, null="")) == "abcd  1         \n"


def test_pretty_of_two_results_has_the_first_ones_columns():
    results = [Answer(["a", "b"], [(1, "long cell")]), Answer(["none"], []), Answer(["b", "c"], [("x", 2)])]
    assert "".join(table(results, "NIL")) == (
        "+-----+-----------+\n| a   | b         |\n+-----+-----------+\n"
        "| 1   | long cell |\n| NIL | x         |\n+-----+-----------+\n"
    )


def test_pretty_shows_the_last_of_columns_with_one_name():
    assert "".join(table([Answer(["a", "a"], [(1, 22)])])) == (
        "+----+----+\n| a  | a  |\n+----+----+\n| 22 | 22 |\n+----+----+\n"
    )


@given(st.lists(answers(least=1), min_size=1, max_size=3))
def test_pretty_lines_have_one_length(results):
    simple = [Answer(result.columns, result.rows) for result in results]
    drawn = "".join(table(simple, show=visible))
    names = "".join(simple[0].columns)
    if "\n" not in names and "\r" not in names:
        assert len({len(line) for line in drawn.removesuffix("\n").split("\n")}) == 1


@given(texts)
def test_visible_cells_hold_no_control_characters(value):
    shown = visible(value)
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in shown)
    assert value.isprintable() is False or shown == value
