"""The tables that take files apart: parse_json, parse_jsonl, parse_yaml, parse_toml, parse_xml and parse_ini."""

from __future__ import annotations

import json
import os
import resource
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Ask = Callable[..., list[dict[str, Any]]]
TABLES = ["parse_json", "parse_jsonl", "parse_yaml", "parse_toml", "parse_xml", "parse_ini"]


@pytest.fixture
def parsed(ask: Ask, tmp_path: Path) -> Callable[..., list[tuple[Any, ...]]]:
    """``parsed("parse_json", text)``: fullkey, value and type of each row; ``columns`` chooses others."""

    def parse(table: str, text: str | bytes, columns: str = "fullkey, value, type") -> list[tuple[Any, ...]]:
        path = tmp_path / "document"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return [tuple(row.values()) for row in ask(f"SELECT {columns} FROM {table} WHERE path = '{path}'")]

    return parse


@pytest.fixture
def warned(ask: Ask, tmp_path: Path) -> Callable[[str, bytes], list[str]]:
    """``warned(table, data)``: what is said of a file that has no rows."""

    def parse(table: str, data: bytes) -> list[str]:
        path = tmp_path / "document"
        path.write_bytes(data)
        said: list[str] = []
        assert ask(f"SELECT * FROM {table} WHERE path = '{path}'", warn=lambda *words: said.append(words[-1])) == []
        assert all(str(path) in one for one in said)
        return [one.removeprefix(f"{path}: ") for one in said]

    return parse


def test_json_has_a_row_for_each_value(parsed: Any) -> None:
    text = '\ufeff{"a": {"b": [1, 2.50, {"c": "x\\u00e9\\n"}], "n": null, "o": {}, "l": []},'
    text += ' "t": true, "t": false, "": -0}'
    assert parsed("parse_json", text) == [
        ("a/b/0", "1", "number"),
        ("a/b/1", "2.50", "number"),
        ("a/b/2/c", "xé\n", "string"),
        ("a/n", None, "null"),
        ("a/o", None, "object"),
        ("a/l", None, "array"),
        ("t", "true", "boolean"),
        ("t", "false", "boolean"),
        ("", "-0", "number"),
    ]


def test_parent_and_key_are_the_parts_of_fullkey(parsed: Any) -> None:
    text = '{"a": {"b": [7]}, "c": 1}'
    assert parsed("parse_json", text, "parent, key, fullkey") == [("a/b", "0", "a/b/0"), ("", "c", "c")]
    assert parsed("parse_json", "7", "parent, key, fullkey, value") == [("", "", "", "7")]


def test_numbers_stay_as_they_are_written(parsed: Any) -> None:
    digits = "9" * 5000
    assert parsed("parse_json", f"[{digits}, 1e999, 0.1e-7]", "value") == [(digits,), ("1e999",), ("0.1e-7",)]


def test_half_surrogates_and_bytes_that_are_no_text_are_shown(parsed: Any) -> None:
    assert parsed("parse_json", b'{"\\ud800": "\\udfff", "b": "\xff"}', "key, value") == [
        ("\\uD800", "\\uDFFF"),
        ("b", "\\xFF"),
    ]


def test_utf16_is_read_when_it_says_so(parsed: Any) -> None:
    assert parsed("parse_json", '{"ü": 1}'.encode("utf-16"), "key, value") == [("ü", "1")]


def test_json_lines_are_numbered(parsed: Any) -> None:
    assert parsed("parse_jsonl", '{"a": 1}\n\n["x"]\r\n"s" {"b":{}}') == [
        ("0/a", "1", "number"),
        ("1/0", "x", "string"),
        ("2", "s", "string"),
        ("3/b", None, "object"),
    ]
    assert parsed("parse_jsonl", "") == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "line 1: no value"),
        (b"{\n\n'a': 1}", "line 3: no name of a member"),
        (b'{"a" 1}', "line 1: a colon is missing"),
        (b"[1\n2]", "line 2: a comma or the end of what is open is missing"),
        (b"[1,]", "line 1: no value"),
        (b"[01]", "line 1: a comma or the end of what is open is missing"),
        (b"1 2", "line 1: more than one value"),
        (b'"a\nb"', "line 1: a string that does not end, or with what none may hold"),
        (b"[" * 101 + b"]" * 101, "line 1: nested more than 100 deep"),
        (b"[" * 1_000_000, "line 1: nested more than 100 deep"),
        (b'{"a":' * 1_000_000, "line 1: nested more than 100 deep"),
        (b"[NaN]", "line 1: no value"),
    ],
)
def test_what_is_no_json_is_named_and_has_no_rows(warned: Any, data: bytes, reason: str) -> None:
    assert warned("parse_json", data) == [reason]


def flat(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, str | None]]:
    """The rows as the standard library's parsers and a recursion would give them."""
    if isinstance(value, dict) and value:
        return [row for name, one in value.items() for row in flat(one, (*path, name))]
    if isinstance(value, list) and value:
        return [row for number, one in enumerate(value) for row in flat(one, (*path, str(number)))]
    shown = value if isinstance(value, str) else None if isinstance(value, (dict, list)) else json.dumps(value)
    return [("/".join(path), None if value is None else shown)]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES, st.integers(0, 3))
def test_json_is_taken_apart_as_by_the_standard_library(parsed: Any, value: Any, indent: int) -> None:
    text = json.dumps(value, indent=indent or None, ensure_ascii=indent == 1)
    assert parsed("parse_json", text, "fullkey, value") == flat(value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_yaml_is_taken_apart_as_pyyaml_does(parsed: Any, value: Any) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    assert parsed("parse_yaml", text, "fullkey, value") == flat(yaml.safe_load(text))


def test_yaml_values_have_types_and_stay_as_written(parsed: Any) -> None:
    text = "a: yes\nb: 0x1F\nc: 1.5\nd: ~\ne: 2024-01-01\nf: 'yes'\ng: !Ref x\nh: |\n  two\n  lines\n"
    text += "i: {}\nj: []\nk: !!str 1\nl:\n"
    assert parsed("parse_yaml", text) == [
        ("a", "yes", "boolean"),
        ("b", "0x1F", "integer"),
        ("c", "1.5", "float"),
        ("d", None, "null"),
        ("e", "2024-01-01", "timestamp"),
        ("f", "yes", "string"),
        ("g", "x", "!Ref"),
        ("h", "two\nlines\n", "string"),
        ("i", None, "object"),
        ("j", None, "array"),
        ("k", "1", "string"),
        ("l", None, "null"),
    ]


def test_yaml_documents_are_numbered_and_aliases_are_not_followed(parsed: Any) -> None:
    text = "base: &b {x: [1, 2]}\nuse: *b\nmerge:\n  <<: *b\n  y: 3\n---\n- last\n--- only\n"
    assert parsed("parse_yaml", text, "document, fullkey, value") == [
        (0, "base/x/0", "1"),
        (0, "base/x/1", "2"),
        (0, "use", "*b"),
        (0, "merge/<<", "*b"),
        (0, "merge/y", "3"),
        (1, "0", "last"),
        (2, "", "only"),
    ]


def test_yaml_keys_may_be_anything(parsed: Any) -> None:
    text = "? [a, {b: c}]\n: 1\n? {d: [e]}\n: {f: 2}\n&x k: 3\n*x : 4\n1: 5\n"
    assert parsed("parse_yaml", text, "fullkey, value") == [
        ("?", "1"),
        ("?/f", "2"),
        ("k", "3"),
        ("*x", "4"),
        ("1", "5"),
    ]


def test_a_bomb_of_aliases_stays_small(parsed: Any) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]" for number in range(1, 30)]
    assert len(parsed("parse_yaml", "\n".join(lines))) == 300


@pytest.mark.parametrize(
    "data",
    [
        b"a: [",
        b"a: b: c",
        b"\tx: 1",
        b"[" * 500_000,
        b"- " * 50_000,
        b"? " * 5000,
        b"a: \xff",
        b"\0",
        b"{" * 2000,
    ],
)
def test_what_is_no_yaml_is_named_and_has_no_rows(warned: Any, data: bytes) -> None:
    start = time.monotonic()
    assert len(warned("parse_yaml", data)) == 1
    assert time.monotonic() - start < 2


def test_toml_has_a_row_for_each_value(parsed: Any) -> None:
    text = """top = 1
[t.u]
b = [1.5, {c = 2024-01-01T00:00:00Z}, 1e3]
d = {}
e = []
day = 2024-02-29
clock = 07:32:00
yes = true
[[z]]
q = "s"
[[z]]
q = 'r'
"""
    assert parsed("parse_toml", text) == [
        ("top", "1", "integer"),
        ("t/u/b/0", "1.5", "float"),
        ("t/u/b/1/c", "2024-01-01T00:00:00+00:00", "datetime"),
        ("t/u/b/2", "1000.0", "float"),
        ("t/u/d", None, "table"),
        ("t/u/e", None, "array"),
        ("t/u/day", "2024-02-29", "date"),
        ("t/u/clock", "07:32:00", "time"),
        ("t/u/yes", "true", "boolean"),
        ("z/0/q", "s", "string"),
        ("z/1/q", "r", "string"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"a",
        b"a = 1\na = 2",
        b"\xff",
        b"a = " + b"[" * 100_000,
        b"a = " + b"{a=" * 100_000,
        b"a." * 1_000_000 + b"a = 1",
        b"[" + b'"b" . ' * 500_000 + b"a]",
        b"a = " + b"9" * 100_000,
        b"a = 0x" + b"f" * 3_000_000,
        b"a = 2024-13-45",
        b"a = '''" * 100_000,
    ],
)
def test_what_is_no_toml_is_named_and_has_no_rows(warned: Any, data: bytes) -> None:
    start = time.monotonic()
    try:
        tomllib.loads(data[:100].decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        assert len(warned("parse_toml", data)) == 1
    assert time.monotonic() - start < 5


def test_xml_has_a_row_for_each_value(parsed: Any) -> None:
    text = """<?xml version="1.0"?><!-- no --><a x="1"><b>1</b><b k="v"> 2 </b>
      <c>t<d/>u</c><e><![CDATA[<&]]>&amp;&#228;</e><f/></a>"""
    assert parsed("parse_xml", text) == [
        ("a/-x", "1", "attribute"),
        ("a/b/0", "1", "element"),
        ("a/b/1/-k", "v", "attribute"),
        ("a/b/1/#text", "2", "element"),
        ("a/c/d", "", "element"),
        ("a/c/#text", "tu", "element"),
        ("a/e", "<&&ä", "element"),
        ("a/f", "", "element"),
    ]


def test_xml_of_other_encodings(parsed: Any) -> None:
    assert parsed("parse_xml", '<?xml version="1.0" encoding="iso-8859-1"?><a>ä</a>'.encode("latin-1"), "value") == [
        ("ä",)
    ]
    assert parsed("parse_xml", "<a>ü</a>".encode("utf-16"), "value") == [("ü",)]


def test_elements_of_one_name_are_counted_wherever_they_stand(parsed: Any) -> None:
    text = "<r>" + "<s><n>1</n><m/><n>2</n></s>" * 2 + "<t><n>3</n></t></r>"
    assert [key for key, _ in parsed("parse_xml", text, "fullkey, value")] == [
        "r/s/0/n/0", "r/s/0/m", "r/s/0/n/1", "r/s/1/n/0", "r/s/1/m", "r/s/1/n/1", "r/t/n",
    ]  # fmt: skip


def test_a_long_xml_file_is_read_in_parts(parsed: Any) -> None:
    text = "<r>" + "".join(f"<e i='{number}'>text {number}</e>" for number in range(20_000)) + "</r>"
    rows = parsed("parse_xml", text, "fullkey, value")
    assert len(rows) == 40_000
    assert rows[-1] == ("r/e/19999/#text", "text 19999")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "line 1: no element found"),
        (b"<a>\n</b>", "line 2: mismatched tag"),
        (b"<a>\x01</a>", "line 1: not well-formed (invalid token)"),
        (b"<a>\xff</a>", "line 1: not well-formed (invalid token)"),
        (b'<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;">]><a>&m;</a>', "declares the entity l"),
        (b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', "declares the entity e"),
        (b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><a/>', "declares the entity p"),
        (b"<a>" * 1_000_000, "nested more than 100 deep"),
        (b"<a>" + b"<b/>" * 1_000_001 + b"</a>", "more than 1000000 elements"),
        (b"<a/><b/>", "line 1: junk after document element"),
    ],
)
def test_what_is_no_xml_is_named_and_has_no_rows(warned: Any, data: bytes, reason: str) -> None:
    assert warned("parse_xml", data) == [reason]


@pytest.mark.parametrize("encoding", ["nonsense", "base64", "utf-7", "idna", "rot13"])
def test_xml_of_an_impossible_encoding_is_named(warned: Any, encoding: str) -> None:
    assert len(warned("parse_xml", f'<?xml version="1.0" encoding="{encoding}"?><a>\xff'.encode("latin-1"))) == 1


def test_ini_has_a_row_for_each_entry(parsed: Any) -> None:
    text = """top = 1
; comment
[Service one]
ExecStart=/bin/true ; not this
ExecStart = /bin/false
b: "q # x" # y
url=http://a#b
flag
long = a \\
   b \\
   c
on = yes
`quoted` = 'x'
empty =
[empty]
"""
    columns = "section, key, value, raw, line, fullkey"
    assert parsed("parse_ini", text, columns) == [
        ("DEFAULT", "top", "1", "1", 1, "DEFAULT/top"),
        ("Service one", "ExecStart", "/bin/true", "/bin/true", 4, "Service one/ExecStart"),
        ("Service one", "ExecStart", "/bin/false", "/bin/false", 5, "Service one/ExecStart"),
        ("Service one", "b", "q # x", "q # x", 6, "Service one/b"),
        ("Service one", "url", "http://a#b", "http://a#b", 7, "Service one/url"),
        ("Service one", "flag", None, None, 8, "Service one/flag"),
        ("Service one", "long", "a b c", "a b c", 9, "Service one/long"),
        ("Service one", "on", "true", "yes", 12, "Service one/on"),
        ("Service one", "quoted", "x", "x", 13, "Service one/quoted"),
        ("Service one", "empty", "", "", 14, "Service one/empty"),
    ]


@pytest.mark.parametrize(
    ("data", "reason"), [(b"a=1\n[x\n", "line 2: the name of a section without end"), (b"a\0b=1", "line 1: not text")]
)
def test_what_is_no_ini_is_named_and_has_no_rows(warned: Any, data: bytes, reason: str) -> None:
    assert warned("parse_ini", data) == [reason]


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_a_file_holds_the_table_answers(parsed: Any, table: str, data: st.DataObject) -> None:
    seeds = [
        b'{"a": [1, "\\ud800", {"b": null}], "c": {}}',
        b"a: &x [1, {b: *x}]\n? c\n: d\n---\n!t e",
        b"[a.b]\nc = [1, {d = 2}]\n",
        b'<a x="1"><b>t</b><!-- c --><b/></a>',
        b'[s]\na = "b" ; c\nd: e \\\n f\n',
    ]
    text = bytearray(data.draw(st.sampled_from(seeds)))
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(text)))
        text[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    parsed(table, bytes(text), "*")


@pytest.mark.parametrize("table", TABLES)
def test_other_files_still_answer_and_what_is_no_file_is_left_out(ask: Ask, tmp_path: Path, table: str) -> None:
    good = {"parse_json": "[1]", "parse_jsonl": "1", "parse_yaml": "a: 1", "parse_toml": "a=1", "parse_xml": "<a>1</a>",
            "parse_ini": "a=1"}[table]  # fmt: skip
    for name in ("a", "c", "deep/d"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(good)
    (tmp_path / "b").write_bytes(b"[\0{<")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "link").symlink_to("a")
    said: list[str] = []

    def paths(where: str) -> list[str]:
        rows = ask(f"SELECT path FROM {table} WHERE {where}", warn=lambda *words: said.append(words[-1]))
        return [os.path.relpath(row["path"], tmp_path) for row in rows]

    assert paths(f"path LIKE '{tmp_path}/%'") == ["a", "c", "link"]
    assert len(said) == 1
    assert paths(f"path LIKE '{tmp_path}/%%'") == ["a", "c", "deep/d", "link"]
    assert paths(f"path GLOB '{tmp_path}/[ac]'") == ["a", "c"]
    assert paths(f"path IN ('{tmp_path}/c', '{tmp_path}/pipe', '{tmp_path}/none', '{tmp_path}')") == ["c"]


def test_a_file_beyond_read_max_is_named(ask: Ask, tmp_path: Path, program: Any) -> None:
    (tmp_path / "a.json").write_text("[" + "1," * 100 + "1]")
    said: list[str] = []
    rows = ask(f"SELECT * FROM parse_json WHERE path = '{tmp_path}/a.json'",
               runtime=program(read_max="100"), warn=lambda *words: said.append(words[-1]))  # fmt: skip
    assert rows == []
    assert said == [f"{tmp_path}/a.json: larger than 100 bytes"]


def test_another_root_is_not_left(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/a.json").write_text("[1]")
    (tmp_path / "etc/b.json").symlink_to("/etc/a.json")
    rows = ask("SELECT path, value FROM parse_json WHERE path LIKE '/etc/%.json'", str(tmp_path))
    assert rows == [{"path": "/etc/a.json", "value": "1"}, {"path": "/etc/b.json", "value": "1"}]


def test_a_long_name_of_many_values_is_not_held_for_each(parsed: Any) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    text = f'{{"{"k" * 500_000}": [{", ".join(["1"] * 900)}]}}'
    assert parsed("parse_json", text, "count(*)") == [(900,)]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10
