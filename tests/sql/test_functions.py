"""The SQL functions in a real connection: what osquery 5.23 was seen to answer, then the corners."""

from __future__ import annotations

import base64
import hashlib
import math
import threading
import time

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.sql.errors import SQLError
from leadline.sql.functions import attach

CONNECTION = apsw.Connection(":memory:")
WARNINGS: list[str] = []
attach(CONNECTION, warn=WARNINGS.append)


def ask(sql, *bindings):
    """The only row of a statement; a single column comes bare."""
    (row,) = CONNECTION.execute(f"SELECT {sql}", bindings).fetchall()
    return row if len(row) > 1 else row[0]


def refused(sql, *bindings):
    """The sentence a statement fails with."""
    with pytest.raises(SQLError) as caught:
        ask(sql, *bindings)
    assert str(caught.value) == caught.value.message
    assert caught.value.code == apsw.SQLITE_ERROR
    return caught.value.message


def test_networks_answer_as_observed():
    assert ask(
        "in_cidr_block('10.0.0.0/24','10.0.0.0'), in_cidr_block('10.0.0.0/24','10.0.0.255'),"
        "in_cidr_block('10.0.0.0/24','10.0.0.7'), in_cidr_block('2001:db8::/32','2001:db8::1'),"
        "in_cidr_block('10.0.0.5/32','10.0.0.5')"
    ) == (0, 0, 1, 1, 1)


def test_texts_and_digests_answer_as_observed():
    assert ask(
        r"split('a.b.c','.',1), split('a..b','.',1), split('a b',' ',5), regex_match('abc123','([a-z]+)(\d+)',2),"
        "regex_split('a1b2c','[0-9]',1), concat('a',null,'b'), concat_ws(',','a',null,'b'), concat_ws(',','a',null),"
        "inet_aton('1.2.3.4'), md5('a'), to_base64('a'), conditional_to_base64('abc'),"
        "community_id_v1('1.2.3.4','5.6.7.8',1,2,6), parent_directory('/a/b')"
    ) == (
        "b", "b", None, "123", "b", "ab", "a,b", "a,", 16909060, "0cc175b9c0f1b6a831c399e269772661", "YQ==", "abc",
        "1:W+8we+Hf4YkDlZ/+L50KrMgKuBU=", "/a",
    )  # fmt: skip


def test_errors_are_as_observed():
    assert refused("split('a','',0)") == "Invalid input to split function"
    assert refused("regex_match('a','[',0)") == "Invalid regex"
    assert refused("sqrt(-1)") == "Numerical argument out of domain"


def test_numbers_answer_as_observed():
    assert ask("ceil(1.2), floor(1.8), ceil(3)") == (2, 1, 3)
    assert ask("power(2,3)||'', log(2)||'', pi()||'', cot(1)||''") == (
        "8.0", "0.693147180559945", "3.14159265358979", "0.642092615934331",
    )  # fmt: skip


def test_paths_are_deterministic_as_observed():
    assert ask("is_path_deterministic('/bin/ls -l'), is_path_deterministic('/opt/my app/x')") == (1, 1)


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("split('/foo/bar', '/', 0)", "foo"),
        ("split('/foo/bar', '/', 2)", None),
        ("split('foo;;bar', ';;', 1)", "bar"),
        ("split('a,b;c', ',;', 2)", "c"),
        ("split('  a , b ', ',', 0)", "a"),
        ("split('a, ,b', ',', 1)", ""),
        ("split('a.b', '.', -1)", None),
        ("split('a.b', '.', '1x')", "b"),
        ("split(null, '.', 0)", None),
        ("split('a', null, 0)", None),
        ("split('', '.', 0)", None),
        ("split(1.5, '.', 1)", "5"),
        ("split('aéb', 'é', 1)", "b"),
        ("concat()", None),
        ("concat(null)", ""),
        ("concat(1, 2.0, x'61', 'go')", "12.0ago"),
        ("concat_ws('')", None),
        ("concat_ws(', ', 'hello', 'world', 1)", "hello, world, 1"),
        ("concat_ws(null, 'a', 'b')", "ab"),
        ("concat_ws('x', '', '')", "x"),
        ("concat_ws('x', 'a', null, null)", "ax"),
        ("parent_directory('/a')", ""),
        ("parent_directory('/a/')", "/a"),
        ("parent_directory('a')", None),
        ("inet_aton('::1')", None),
        ("inet_aton('1.2.3')", None),
        ("inet_aton('255.255.255.255')", 4294967295),
        ("inet_aton(null)", None),
        ("md5(null)", None),
        ("sha1('abc')", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("sha256('')", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("md5(1.0) = md5('1.0')", 1),
        ("to_base64('')", ""),
        ("to_base64(null)", None),
        ("from_base64('YWJj')", "abc"),
        ("from_base64('YQ')", "a"),
        ("from_base64('YW' || char(10) || 'Jj')", "abc"),
        ("from_base64('a')", ""),
        ("from_base64('YW Jj')", ""),
        ("from_base64('/w==')", b"\xff"),
        ("from_base64(null)", None),
        ("conditional_to_base64('a' || char(10))", "YQo="),
        ("conditional_to_base64('é')", "w6k="),
        ("conditional_to_base64('a b~')", "a b~"),
        ("conditional_to_base64(null)", None),
    ],
)
def test_text_functions(call, answer):
    assert ask(call) == answer


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("sqrt(null)", None),
        ("sqrt('9 lives')", 3.0),
        ("sqrt(x'39')", 3.0),
        ("sqrt('nothing')", 0.0),
        ("sin(0), 1", (0.0, 1)),
        ("exp(0)", 1.0),
        ("exp(1000)", math.inf),
        ("exp(-1000)", 0.0),
        ("exp(9e999)", math.inf),
        ("cot(0)", math.inf),
        ("log(1)", 0.0),
        ("log10(1000)", pytest.approx(3.0)),
        ("degrees(pi())", 180.0),
        ("radians(180)", math.pi),
        ("power(null, 2)", None),
        ("power(2, null)", None),
        ("power(2, -1)", 0.5),
        ("power(0, 0)", 1.0),
        ("ceil(-1.5)", -1),
        ("floor(-1.5)", -2),
        ("ceil('1.5')", 2),
        ("floor(null)", None),
        ("ceil(9223372036854775807)", 9223372036854775807),
        ("ceil(1e300)", 9223372036854775807),
        ("floor(-9e999)", -9223372036854775808),
        ("typeof(ceil(1.0))", "integer"),
    ],
)
def test_mathematical_functions(call, answer):
    assert ask(call) == answer


@pytest.mark.parametrize("call", ["log(-1)", "log10(-1)", "acos(2)", "asin(2)", "sin(9e999)", "power(-1, 0.5)"])
def test_arguments_out_of_domain_are_an_error(call):
    assert refused(call) == "Numerical argument out of domain"


@pytest.mark.parametrize(
    "call", ["log(0)", "log10(0)", "exp(12000)", "exp(-12000)", "power(0, -1)", "power(10, 400)", "power(10, -400)"]
)
def test_results_out_of_range_are_an_error(call):
    assert refused(call) == "Numerical result out of range"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("concat_ws()", "Missing separator to concat_ws"),
        ("parent_directory(1)", "Invalid inputs to parent_directory, TEXT was expected"),
        ("in_cidr_block(1, '10.0.0.1')", "CIDR must be a string"),
        ("in_cidr_block('10.0.0.0/8', null)", "IP address must be a string"),
        ("in_cidr_block('10.0.0.0/8', '10.0.0')", "IP address cannot be parsed"),
        ("in_cidr_block('10.0.0.0', '10.0.0.1')", "CIDR for IP address v4 cannot be parsed"),
        ("in_cidr_block('10.0.0.0/33', '10.0.0.1')", "CIDR for IP address v4 cannot be parsed"),
        ("in_cidr_block('::/8', '10.0.0.1')", "CIDR for IP address v4 cannot be parsed"),
        ("in_cidr_block('10.0.0.0/8', '::1')", "CIDR for IP address v6 cannot be parsed"),
        ("in_cidr_block('::/129', '::1')", "CIDR for IP address v6 cannot be parsed"),
        ("find_file_path_in_cmd()", "Invalid inputs to find_binary_path_from_cmd"),
        ("find_file_path_in_cmd('a', 0, 'xy')", "Invalid inputs to find_binary_path_from_cmd"),
        ("is_path_deterministic(null)", "Invalid inputs to is_path_deterministic"),
    ],
)
def test_refusals_say_what_is_wrong(call, sentence):
    assert refused(call) == sentence


@pytest.mark.parametrize(
    ("block", "address", "answer"),
    [
        ("198.51.100.14/24", "198.51.100.14", 1),
        ("10.0.0.0/26", "10.0.0.64", 0),
        ("10.0.0.0/31", "10.0.0.0", 0),
        ("10.0.0.0/31", "10.0.0.1", 0),
        ("0.0.0.0/0", "8.8.8.8", 1),
        ("2001:db8::/48", "2001:db8:0:ffff:ffff:ffff:ffff:ffff", 1),
        ("2001:db8::/48", "2001:db8:1::", 0),
        ("ff00::/8", "ff02::1", 1),
        ("::1/128", "::1", 1),
        ("fe80::/10", "fe80::1%eth0", 1),
    ],
)
def test_a_block_contains_its_hosts(block, address, answer):
    assert ask("in_cidr_block(?, ?)", block, address) == answer


@pytest.mark.parametrize(
    ("flow", "hash_"),
    [
        ("'192.168.170.8', '192.168.170.56', 7, 80, 132, 0", "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="),
        ("'192.168.170.56', '192.168.170.8', 80, 7, 132, 0", "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="),
        ("'192.168.170.8', '192.168.170.56', 7, 80, 132, 1", "1:Y1/0jQg6e+I3ZwZZ9LP65DNbTXU="),
        ("'192.168.1.52', '8.8.8.8', 54585, 53, 17", "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
        ("'8.8.8.8', '192.168.1.52', 53, 54585, 17, 1", "1:Q9We8WO3piVF8yEQBNJF4uiSVrI="),
    ],
)
def test_community_id_names_both_directions_of_a_flow(flow, hash_):
    assert ask(f"community_id_v1({flow}), community_id_v1_strict({flow})") == (hash_, hash_)


@pytest.mark.parametrize(
    ("flow", "sentence"),
    [
        ("'1.1.1.1', 'foo', 1, 2, 6", "Community ID daddr cannot be parsed as IP"),
        ("'foo', '1.1.1.1', 1, 2, 6", "Community ID saddr cannot be parsed as IP"),
        ("1, '1.1.1.1', 1, 2, 6", "Community ID IPs must be strings"),
        ("'1.1.1.1', '1.1.1.1', '1', 2, 6", "Community ID ports must be integers"),
        ("'1.1.1.1', '1.1.1.1', 1, 65536, 6", "Community ID ports must fit in 2 bytes"),
        ("'1.1.1.1', '1.1.1.1', 1, 2, null", "Community ID protocol must be an integer"),
        ("'1.1.1.1', '1.1.1.1', 1, 2, 256", "Community ID protocol must fit in 1 byte"),
        ("'1.1.1.1', '1.1.1.1', 1, 2, 6, 0.5", "Community ID seed must be an integer"),
        ("'1.1.1.1', '1.1.1.1', 1, 2, 6, 32768", "Community ID seed must fit in 2 bytes"),
    ],
)
def test_community_id_of_no_flow_is_null_with_a_warning_or_an_error(flow, sentence):
    WARNINGS.clear()
    assert ask(f"community_id_v1({flow})") is None
    assert [sentence] == WARNINGS
    assert refused(f"community_id_v1_strict({flow})") == sentence


@given(st.binary())
def test_base64_and_digests_agree_with_pythons(data):
    encoded = base64.b64encode(data).decode()
    assert ask("to_base64(?)", data) == encoded
    decoded = ask("from_base64(?)", encoded)
    assert (decoded.encode() if isinstance(decoded, str) else decoded) == data
    assert ask("sha256(?)", data) == hashlib.sha256(data).hexdigest()


@given(st.text(), st.text(min_size=1))
def test_split_gives_the_stripped_pieces_that_are_not_empty(whole, separators):
    whole, separators = whole.replace("\0", ""), separators.replace("\0", "") or "."
    pieces = [""]
    for character in whole:
        if character in separators:
            pieces.append("")
        else:
            pieces[-1] += character
    pieces = [piece.strip(" \t\n\v\f\r") for piece in pieces if piece]
    found = [ask("split(?, ?, ?)", whole, separators, index) for index in range(len(pieces) + 1)]
    assert found == [*pieces, None]


@pytest.fixture
def programs(tmp_path):
    """A connection whose root has the programs /opt/my, /opt/my app/run and the directory /opt/my app."""
    (tmp_path / "opt/my app").mkdir(parents=True)
    (tmp_path / "opt/my").touch()
    (tmp_path / "opt/my app/run").touch()
    (tmp_path / "opt/plain").touch()
    connection = apsw.Connection(":memory:")
    attach(connection, root=str(tmp_path))
    return lambda sql: connection.execute(f"SELECT {sql}").fetchone()[0]


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("find_file_path_in_cmd('/opt/plain -x')", "/opt/plain"),
        ("find_file_path_in_cmd('  /opt/plain')", "/opt/plain"),
        ("find_file_path_in_cmd('/opt/my app/run')", "/opt/my"),
        (r"find_file_path_in_cmd('/opt/my\ app/run -x')", "/opt/my app/run"),
        ("find_file_path_in_cmd('/opt/my^ app/run', 0, '^')", "/opt/my app/run"),
        ("""find_file_path_in_cmd('"/opt/my app/run" -x', 1)""", "/opt/my app/run"),
        ("""find_file_path_in_cmd('"/opt/my app/run" -x', 0)""", ""),
        ("find_file_path_in_cmd('/opt/my app')", "/opt/my"),
        ("find_file_path_in_cmd('/opt/none')", ""),
        ("find_file_path_in_cmd('/opt')", ""),
        ("is_path_deterministic('/opt/my app/run')", 0),
        ("is_path_deterministic('/opt/my -x')", 1),
        ("is_path_deterministic('/opt/none at all')", 1),
        ("is_path_deterministic('/opt/plain')", 1),
    ],
)
def test_the_program_of_a_command_line_is_looked_for_under_the_root(programs, call, answer):
    assert programs(call) == answer


def test_sleep_waits_and_gives_the_seconds_back():
    start = time.monotonic()
    assert ask("sleep(-1), sleep(0), sleep(null), sleep('x')") == (0, 0, 0, 0)
    assert time.monotonic() - start < 0.5
    assert ask("sleep(1)") == 1
    assert time.monotonic() - start >= 1


def test_a_cancelled_sleep_ends_at_once():
    connection = apsw.Connection(":memory:")
    stop = threading.Event()
    attach(connection, stopped=stop.is_set)
    timer = threading.Timer(0.1, stop.set)
    timer.start()
    start = time.monotonic()
    with pytest.raises(apsw.InterruptError):
        connection.execute("SELECT sleep(30)").fetchall()
    timer.join()
    assert time.monotonic() - start < 5


def test_only_sleep_is_not_deterministic():
    CONNECTION.execute("CREATE TEMP TABLE IF NOT EXISTS t (a)")
    CONNECTION.execute("CREATE INDEX IF NOT EXISTS temp.i ON t (version_compare(a, '1'), md5(a))")
    with pytest.raises(apsw.SQLError, match="non-deterministic"):
        CONNECTION.execute("CREATE INDEX temp.j ON t (sleep(a))")


def test_wrong_argument_counts_are_sqlites_error():
    with pytest.raises(apsw.SQLError, match="wrong number of arguments to function split"):
        ask("split('a')")


def test_attaching_imports_no_function_module():
    import subprocess
    import sys

    program = (
        "import sys, apsw; from leadline.sql.functions import attach; attach(apsw.Connection(':memory:'));"
        "print(*sorted(m for m in sys.modules if m in ('re', 'json', 'typing', 'hashlib', 'socket', 'enum')"
        " or m.startswith('leadline.sql.functions.')))"
    )
    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert seen.stdout.split() == []
