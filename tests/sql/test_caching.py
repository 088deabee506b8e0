from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from leadline.sql import caching
from leadline.sql.caching import TableCache
from leadline.sql.engine import Engine
from leadline.sql.errors import SQLError
from leadline.sql.schema import ALL, BIGINT, TEXT, Column, Query, Rows, Table, table


class Made:
    """Tables that count how often they are asked."""

    def __init__(self) -> None:
        self.scans = 0
        self.rows: list[tuple[Any, ...]] = [("a", 1), ("b", 2)]
        self.fails = False

        @table(
            "numbers", Column("name", TEXT, "A name.", index=True), Column("number", BIGINT, "A number."),
            Column("more", TEXT, "Not asked for by a star.", hidden=True), platforms=ALL, cacheable=True,
        )  # fmt: skip
        def numbers(query: Query) -> Rows:
            """Counted."""
            self.scans += 1
            yield from self.rows
            if self.fails:
                raise ValueError("broken")

        @table("fresh", Column("number", BIGINT, "How often it was asked."), platforms=ALL)
        def fresh(query: Query) -> Rows:
            """Never the same."""
            self.scans += 1
            yield (self.scans,)

        self.tables: tuple[Table, ...] = (numbers, fresh)


@pytest.fixture
def made() -> Made:
    return Made()


@pytest.fixture
def engine(made: Made) -> Iterator[Engine]:
    with Engine(extra=made.tables) as engine:
        yield engine


STAR = "SELECT * FROM numbers"


def test_rows_are_shared_until_the_interval_of_who_made_them_is_over(made: Made, engine: Engine) -> None:
    cache = TableCache()
    found = []
    for second in (120, 120, 150, 179, 180, 181):
        engine.reuse(cache, second, 60)
        made.rows.append(("c", second))
        found.append(list(engine.query(STAR)))
    assert made.scans == 2
    assert found[0] == found[1] == found[2] == found[3] == [("a", 1), ("b", 2), ("c", 120)]
    assert found[4] == found[5]
    assert len(found[4]) == 7


def test_the_interval_that_counts_is_that_of_the_query_that_made_the_rows(made: Made, engine: Engine) -> None:
    cache = TableCache()
    engine.reuse(cache, 100, 10)
    list(engine.query(STAR))
    engine.reuse(cache, 109, 3600)
    list(engine.query(STAR))
    assert made.scans == 1
    engine.reuse(cache, 110, 3600)
    list(engine.query(STAR))
    assert made.scans == 2


def test_a_query_that_ran_late_does_not_get_its_own_rows_again(made: Made, engine: Engine) -> None:
    cache = TableCache()
    for second in (121, 180):
        engine.reuse(cache, second, 60)
        list(engine.query(STAR))
    assert made.scans == 2


def test_rows_of_the_future_are_not_used_after_the_clock_went_back(made: Made, engine: Engine) -> None:
    cache = TableCache()
    for second in (1000, 900):
        engine.reuse(cache, second, 60)
        list(engine.query(STAR))
    assert made.scans == 2


@pytest.mark.parametrize(
    "sql",
    ["SELECT name FROM numbers", "SELECT count(*) FROM numbers", "SELECT * FROM numbers WHERE name = 'a'",
     "SELECT * FROM numbers LIMIT 1", "SELECT * FROM fresh", "SELECT name, number, more FROM numbers"],
)  # fmt: skip
def test_other_scans_are_made(made: Made, engine: Engine, sql: str) -> None:
    cache = TableCache()
    engine.reuse(cache, 100, 60)
    list(engine.query(STAR))
    list(engine.query(sql))
    assert made.scans == 2


def test_a_filter_that_sqlite_does_itself_may_use_them(made: Made, engine: Engine) -> None:
    engine.reuse(TableCache(), 100, 60)
    list(engine.query(STAR))
    assert list(engine.query("SELECT * FROM numbers WHERE number > 1")) == [("b", 2)]
    assert made.scans == 1


def test_without_a_cache_nothing_is_shared(made: Made, engine: Engine) -> None:
    cache = TableCache()
    engine.reuse(cache, 100, 60)
    list(engine.query(STAR))
    engine.reuse(None)
    list(engine.query(STAR))
    assert made.scans == 2


def test_a_scan_that_fails_or_is_left_early_is_not_kept(made: Made) -> None:
    cache = TableCache()
    made.fails = True
    logged: list[str] = []
    with Engine(extra=made.tables, log=lambda severity, message: logged.append(message)) as engine:
        engine.reuse(cache, 100, 60)
        assert list(engine.query(STAR)) == [("a", 1), ("b", 2)]
        assert "broken" in logged[0]
        made.fails = False
        result = engine.query(STAR)
        next(result)
        result.close()
        result = engine.query(STAR)
        next(result)
        engine.interrupt()
        with pytest.raises(SQLError, match="interrupted"):
            list(result)
        assert cache.kept == {}
        list(engine.query(STAR))
    assert made.scans == 4
    assert list(cache.kept) == ["numbers"]


def test_a_join_of_the_table_with_itself_is_right_from_kept_rows(made: Made, engine: Engine) -> None:
    sql = "SELECT a.*, b.* FROM numbers a, numbers b WHERE a.number = b.number"
    engine.reuse(TableCache(), 100, 60)
    before = list(engine.query(sql))
    assert list(engine.query(sql)) == before == [("a", 1, "a", 1), ("b", 2, "b", 2)]
    assert made.scans <= 2


def test_every_kind_of_value_comes_back_as_it_was(made: Made, engine: Engine) -> None:
    made.rows = [("é\ud7ff\0x", -(2**63)), (None, 2**63 - 1), ("", None)]
    engine.reuse(TableCache(), 100, 60)
    assert list(engine.query(STAR)) == list(engine.query(STAR))
    assert made.scans == 1


def test_what_is_kept_is_bounded(made: Made, engine: Engine) -> None:
    from random import Random

    random = Random(1)
    made.rows = [(random.randbytes(300).hex(), number) for number in range(5000)]
    cache = TableCache()
    engine.reuse(cache, 100, 60)
    assert len(list(engine.query(STAR))) == 5000  # more than MAX_TABLE when packed
    assert cache.kept == {}
    for number in range(8):
        kept = caching.Kept(frozenset(), number, 100)
        kept.size = caching.MAX_TABLE
        cache.keep(f"t{number}", kept)
    assert list(cache.kept) == ["t4", "t5", "t6", "t7"]
    cache.prune(100)
    assert cache.kept == {}


def test_engines_of_several_threads_share_it(made: Made) -> None:
    made.rows = [(str(number), number) for number in range(2000)]
    cache = TableCache()
    wrong: list[object] = []

    def work() -> None:
        with Engine(extra=made.tables) as engine:
            for second in range(100, 160):
                engine.reuse(cache, second, 5)
                rows = list(engine.query(STAR))
                if rows != made.rows:
                    wrong.append(rows)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert made.scans < 4 * 60
