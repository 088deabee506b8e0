"""What the engine promises: errors, limits, push-down, laziness, joins."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from leadline.catalogue.index import ALIASES, TABLES
from leadline.sql import analysis
from leadline.sql.engine import Engine
from leadline.sql.errors import SQLError
from leadline.sql.schema import ALL, BIGINT, INTEGER, MACOS, TEXT, WINDOWS, Column, Query, Row, Table, table


class Asked:
    """A table of people that writes down every query it gets."""

    def __init__(self, rows: int = 5) -> None:
        self.queries: list[Query] = []
        self.made = 0
        self.count = rows

    def table(self, name: str = "people") -> Table:
        @table(
            name,
            Column("id", BIGINT, "Number.", index=True, optimized=True),
            Column("name", TEXT, "Name.", additional=True),
            Column("city", TEXT, "Where they live.", collate="nocase"),
            Column("age", INTEGER, "Years."),
            Column("team", TEXT, "A column of Windows.", platforms=WINDOWS),
            Column("note", TEXT, "A text.", aliases=("remark",)),
            platforms=ALL,
        )
        def people(query: Query) -> Iterator[Row]:
            """People."""
            self.queries.append(query)
            for number in range(self.count):
                self.made += 1
                yield number, f"p{number}", ("Rome", "Oslo")[number % 2], 20 + number, f"n{number}"

        return people


def engine_of(*tables: Table, **options: object) -> Engine:
    return Engine(tables={}, aliases={}, extra=tables, **options)


@table(
    "keyed",
    Column("path", TEXT, "A path.", required=True, index=True, optimized=True),
    Column("directory", TEXT, "A directory.", required=True),
    Column("size", BIGINT, "Bytes."),
    platforms=ALL,
)
def keyed(query: Query) -> Iterator[Row]:
    """A table that needs a path."""
    for path in query.equals("path") or query.equals("directory") or ():
        yield str(path), str(path), len(str(path))
    for operator, pattern in query.matching("path"):
        yield f"/x/{operator}", str(pattern), 0


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.mark.parametrize(
    "sql",
    ["SELECT * FROM keyed", "SELECT * FROM keyed WHERE size = 3", "SELECT * FROM keyed WHERE path > 'a'"],
)
def test_a_missing_required_column_fails_with_osquerys_sentence_and_code(sql: str) -> None:
    warned: list[tuple[str, str]] = []
    engine = engine_of(keyed, warn=lambda *told: warned.append(told))
    with pytest.raises(SQLError) as caught:
        list(engine.query(sql))
    sentence = "Table keyed was queried without a required column in the WHERE clause"
    assert (caught.value.message, caught.value.code) == (sentence, 19)
    assert warned == [("keyed", sentence)]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT size FROM keyed WHERE path = '/a'", [(2,)]),
        ("SELECT size FROM keyed WHERE directory = '/ab'", [(3,)]),
        ("SELECT size FROM keyed WHERE path IN ('/a', '/abc') ORDER BY 1", [(2,), (4,)]),
        ("SELECT size FROM keyed WHERE path = '/a' OR directory = '/ab' ORDER BY 1", [(2,), (3,)]),
        ("SELECT size FROM (SELECT '/abcd' AS p) JOIN keyed ON path = p", [(5,)]),
        ("SELECT size FROM keyed JOIN (SELECT '/abcd' AS p) ON path = p", [(5,)]),
        ("SELECT count(*) FROM keyed WHERE path IN (SELECT '/q' UNION SELECT '/r')", [(2,)]),
        ("SELECT size FROM keyed WHERE path LIKE '/x/%'", [(0,)]),
        ("SELECT size FROM keyed WHERE path IN (SELECT 1 WHERE 0)", []),
    ],
)
def test_a_required_column_is_bound_from_every_form_of_constraint(sql: str, rows: list[Row]) -> None:
    assert list(engine_of(keyed).query(sql)) == rows


def test_only_the_columns_a_statement_reads_are_asked_for(asked: Asked) -> None:
    engine = engine_of(asked.table())
    list(engine.query("SELECT name FROM people WHERE age > 3"))
    assert asked.queries[0].columns == {"name", "age"}
    assert asked.queries[0].uses("age", "city")
    assert not asked.queries[0].uses("city")


@pytest.mark.parametrize(
    ("where", "constraints"),
    [
        ("id = 3", {"id": [("=", (3,))]}),
        ("id = '3'", {"id": [("=", (3,))]}),
        ("id = 3.0", {"id": [("=", (3,))]}),
        ("id IN (1, 3, '2')", {"id": [("=", (1, 2, 3))]}),
        ("id > 1 AND id <= 3", {"id": [(">", 1), ("<=", 3)]}),
        ("name LIKE 'p%'", {"name": [("LIKE", "p%")]}),
        ("name GLOB 'p*'", {"name": [("GLOB", "p*")]}),
        ("name > 'a'", {}),
        ("name = 'P1' COLLATE NOCASE", {}),
        ("city = 'Rome'", {}),
        ("id = 'x'", None),
        ("id = NULL", None),
        ("id = 2.5", None),
    ],
)
def test_constraints_arrive_in_the_columns_type(asked: Asked, where: str, constraints: object) -> None:
    list(engine_of(asked.table()).query(f"SELECT * FROM people WHERE {where}"))
    assert [query.constraints for query in asked.queries] == ([] if constraints is None else [constraints])


def test_a_column_without_case_is_pushed_as_it_was_written() -> None:
    seen = []

    @table("ids", Column("id", TEXT, "A hash.", index=True, collate="nocase"), platforms=ALL)
    def ids(query: Query) -> Iterator[Row]:
        """Hashes."""
        seen.append(query.equals("id"))
        yield ("AbC",)

    engine = engine_of(ids)
    assert list(engine.query("SELECT id FROM ids WHERE id = 'aBc'")) == [("AbC",)]
    assert list(engine.query("SELECT id FROM ids WHERE id = 'abc' COLLATE BINARY")) == []
    assert seen == [("aBc",), ("abc",)]


def test_a_limit_stops_the_generator(asked: Asked) -> None:
    asked.count = 1_000_000
    rows = list(engine_of(asked.table()).query("SELECT id FROM people LIMIT 3"))
    assert rows == [(0,), (1,), (2,)]
    assert asked.made <= 4
    assert asked.queries[0].limit == 3


def test_a_limit_is_not_told_when_sqlite_filters_first(asked: Asked) -> None:
    list(engine_of(asked.table()).query("SELECT id FROM people WHERE age > 22 LIMIT 1"))
    assert asked.queries[0].limit is None


def test_a_limit_is_not_told_when_the_table_may_return_too_much(asked: Asked) -> None:
    list(engine_of(asked.table()).query("SELECT id FROM people WHERE name LIKE 'p%' LIMIT 1"))
    assert asked.queries[0].limit is None


def test_rows_come_before_the_table_has_ended(asked: Asked) -> None:
    asked.count = 1000
    result = engine_of(asked.table()).query("SELECT id FROM people")
    next(result)
    assert asked.made <= 2


def test_a_join_on_an_unhandled_column_asks_each_table_once() -> None:
    left, right = Asked(300), Asked(300)
    engine = engine_of(left.table("a"), right.table("b"))
    (answer,) = engine.query("SELECT count(*) FROM a JOIN b ON a.city = b.city AND a.age = b.age")
    assert answer == (300,)
    assert (len(left.queries), len(right.queries)) == (1, 1)


def test_a_nested_loop_without_equality_asks_at_most_twice() -> None:
    left, right = Asked(30), Asked(30)
    engine = engine_of(left.table("a"), right.table("b"))
    (answer,) = engine.query("SELECT count(*) FROM a CROSS JOIN b ON a.age < b.age")
    assert answer == (30 * 29 // 2,)
    assert len(right.queries) == 2


def test_a_correlated_subquery_uses_one_index() -> None:
    left, right = Asked(50), Asked(50)
    engine = engine_of(left.table("a"), right.table("b"))
    sql = "SELECT count(*) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.age = a.age)"
    assert list(engine.query(sql)) == [(50,)]
    assert len(right.queries) == 1


def test_rows_are_made_anew_for_the_next_statement(asked: Asked) -> None:
    engine = engine_of(asked.table())
    for _ in range(3):
        list(engine.query("SELECT count(*) FROM people a JOIN people b ON a.city = b.city"))
    assert len(asked.queries) == 6


def test_distinct_is_kept_although_a_column_is_an_index() -> None:
    @table("pairs", Column("pid", BIGINT, "Number.", index=True), Column("fd", BIGINT, "Number."), platforms=ALL)
    def pairs(_: Query) -> Iterator[Row]:
        """One number several times."""
        yield from [(1, 1), (1, 2)]

    assert list(engine_of(pairs).query("SELECT DISTINCT pid FROM pairs")) == [(1,)]


def test_columns_of_other_platforms_are_hidden_and_null(asked: Asked) -> None:
    engine = engine_of(asked.table())
    assert engine.query("SELECT * FROM people").columns == ("id", "name", "city", "age", "note")
    assert list(engine.query("SELECT team, note FROM people LIMIT 1")) == [(None, "n0")]


def test_an_alias_is_a_hidden_column_with_the_same_value(asked: Asked) -> None:
    assert list(engine_of(asked.table()).query("SELECT remark FROM people WHERE remark = 'n2'")) == [("n2",)]


def test_a_table_without_a_generator_here_is_empty() -> None:
    @table("elsewhere", Column("a", TEXT, "Text."), platforms=MACOS)
    def elsewhere(_: Query) -> Iterator[Row]:
        """A table of macOS."""
        yield ("x",)

    assert list(engine_of(elsewhere).query("SELECT * FROM elsewhere")) == []


def test_column_names_are_known_without_rows(asked: Asked) -> None:
    asked.count = 0
    assert engine_of(asked.table()).query("SELECT id AS x, name FROM people").columns == ("x", "name")


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT * FROM nope", 1),
        ("SELEC 1", 1),
        ("ATTACH DATABASE '/x' AS y", 23),
        ("PRAGMA database_list", 23),
        ("DETACH DATABASE y", 23),
        ("VACUUM INTO '/tmp/x'", 23),
        ("SELECT load_extension('x')", 1),
    ],
)
def test_what_may_not_run_is_refused(asked: Asked, sql: str, code: int) -> None:
    with pytest.raises(SQLError) as caught:
        list(engine_of(asked.table()).query(sql))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "sql",
    [
        "PRAGMA table_info(people)",
        "CREATE VIEW v AS SELECT id FROM people",
        "CREATE TEMP TABLE t AS SELECT * FROM people",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT * FROM n",
    ],
)
def test_what_reads_or_stays_in_memory_is_allowed(asked: Asked, sql: str) -> None:
    list(engine_of(asked.table()).query(sql))


def test_a_denied_action_is_logged(asked: Asked) -> None:
    logged: list[tuple[int, str]] = []
    engine = engine_of(asked.table(), log=lambda *line: logged.append(line))
    with pytest.raises(SQLError, match="not authorized"):
        engine.query("ATTACH DATABASE '/x' AS y")
    assert logged == [(2, "Authorizer denied action 24 /x null null null")]


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def slow(step: Callable[[Query], None]) -> Table:
    @table("slow", Column("a", BIGINT, "Number."), platforms=ALL)
    def endless(query: Query) -> Iterator[Row]:
        """Rows without end, slowly."""
        number = 0
        while not query.cancelled():
            step(query)
            yield (number,)
            number += 1

    return endless


@pytest.mark.parametrize("sql", [ENDLESS, "SELECT count(*) FROM slow"])
def test_a_deadline_ends_a_statement(sql: str) -> None:
    engine = engine_of(slow(lambda query: time.sleep(0.001)))
    started = time.monotonic()
    with pytest.raises(SQLError, match=r"query timed out after 0\.2 s") as caught:
        list(engine.query(sql, timeout=0.2))
    assert caught.value.code == 9
    assert time.monotonic() - started < 2
    assert list(engine.query("SELECT 1")) == [(1,)]


def test_an_interrupt_from_another_thread_ends_a_statement() -> None:
    engine = engine_of()
    threading.Timer(0.2, engine.interrupt).start()
    with pytest.raises(SQLError, match="interrupted"):
        list(engine.query(ENDLESS))
    assert list(engine.query("SELECT 1")) == [(1,)]


def failing() -> Table:
    @table("broken", Column("a", BIGINT, "Number."), platforms=ALL)
    def broken(_: Query) -> Iterator[Row]:
        """Two rows, then a failure."""
        yield (1,)
        yield (2,)
        raise OSError("the disk is gone")

    return broken


def test_a_table_that_fails_is_logged_and_has_the_rows_from_before(asked: Asked) -> None:
    logged: list[tuple[int, str]] = []
    engine = engine_of(failing(), asked.table(), log=lambda severity, message: logged.append((severity, message)))
    assert list(engine.query("SELECT a FROM broken")) == [(1,), (2,)]
    assert logged == [(2, logged[0][1])]
    assert re.fullmatch(r"Table broken failed: OSError: the disk is gone \(test_engine\.py:\d+\)", logged[0][1])
    # scanned again and again, or in an index for a join, it is reported once a statement
    assert list(engine.query("SELECT id, a FROM people LEFT JOIN broken ON a = id ORDER BY id LIMIT 3")) == [
        (0, None),
        (1, 1),
        (2, 2),
    ]
    assert list(engine.query("SELECT count(*) FROM people, broken x, broken y")) == [(20,)]
    assert len(logged) == 3


def test_a_strict_engine_ends_the_statement_of_a_table_that_fails() -> None:
    engine = engine_of(failing(), strict=True)
    with pytest.raises(SQLError, match=r"Table broken failed: OSError: the disk is gone") as caught:
        list(engine.query("SELECT * FROM broken"))
    assert caught.value.code == 1
    assert list(engine.query("SELECT a FROM broken LIMIT 1")) == [(1,)]


def test_a_statement_that_takes_too_much_memory_ends_and_the_next_one_runs(asked: Asked) -> None:
    def resident() -> int:
        with open("/proc/self/statm", "rb") as stream:
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    engine = engine_of(asked.table(), memory=resident, memory_limit=64 << 20)
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000000)"
    with pytest.raises(SQLError, match="query used more than 64 MiB of memory") as caught:
        list(engine.query(f"{numbers} SELECT hex(randomblob(200)) AS h FROM n ORDER BY h"))
    assert caught.value.code == 7
    assert list(engine.query("SELECT count(*) FROM people")) == [(5,)]


def test_the_ledger_tells_what_each_table_of_a_statement_cost(asked: Asked) -> None:
    total = 0

    def read() -> int:
        nonlocal total
        total += 10
        return total

    @table("other", Column("id", BIGINT, "Number."), Column("word", TEXT, "Text."), platforms=ALL)
    def other(_: Query) -> Iterator[Row]:
        """A thousand rows."""
        yield from ((number, str(number)) for number in range(1000))

    engine = engine_of(asked.table(), other, read=read)
    sql = "SELECT count(*) FROM people CROSS JOIN other ON other.id = people.id"
    assert list(engine.query(sql)) == [(5,)]
    statement = list(engine.scope.ledger.statements())[-1]
    people, joined = sorted(statement.costs.values(), key=lambda cost: cost.table != "people")
    assert (statement.sql, people.table, people.scans, people.rows) == (sql, "people", 1, 5)
    assert (joined.table, joined.joined, joined.scans, joined.indexed) == ("other", ("id",), 1, 1000)
    assert (joined.reused, joined.rows, joined.read) == (4, 5, 10)
    assert 0 < joined.seconds < 1
    list(engine.query("SELECT count(*) FROM other"))
    (cost,) = list(engine.scope.ledger.statements())[-1].costs.values()
    assert (cost.rows, cost.scans, cost.indexed) == (1000, 1, 0)
    assert cost.read == 10 * (64 + 64 * 14)  # each of the first 64, then every 64th for its neighbours


def test_several_statements_run_in_turn(asked: Asked) -> None:
    text = "SELECT 1 AS a; -- one\n SELECT ';' AS b;\n\n/* nothing */ ; SELECT count(*) FROM people"
    results = [(result.columns, list(result)) for result in engine_of(asked.table()).run(text)]
    assert results == [(("a",), [(1,)]), (("b",), [(";",)]), (("count(*)",), [(5,)])]


def test_statements_are_split_outside_quotes_and_comments_with_their_last_line() -> None:
    text = "select 'a;b', \"c;d\", [e;f], `g;h`; -- x; y\n/* ; */ select\n2;\n ;; select 3"
    assert analysis.split_lines(text) == [
        ("select 'a;b', \"c;d\", [e;f], `g;h`", 1),
        ("-- x; y\n/* ; */ select\n2", 3),
        ("select 3", 4),
    ]


def test_types_are_those_osquery_names(asked: Asked) -> None:
    sql = "SELECT id, name, 1+1, id*1.0, CAST(id AS text), count(*), 'a', 2, name||'x' FROM people"
    result = engine_of(asked.table()).query(sql)
    assert result.types == ("BIGINT", "TEXT", "BIGINT", "BIGINT", "TEXT", "BIGINT", "TEXT", "INTEGER", "TEXT")


def test_tables_are_listed_in_the_schema_table() -> None:
    engine = Engine(tables=TABLES, aliases=ALIASES)
    names = {name for (name,) in engine.query("SELECT name FROM sqlite_temp_master WHERE type = 'table'")}
    assert names == set(engine.tables)


def test_an_unknown_attribute_of_a_table_is_refused() -> None:
    with pytest.raises(TypeError, match="unknown attribute cachable"):
        table("x", Column("a", TEXT, "Text."), platforms=ALL, cachable=True)
