"""What SQL text reads."""

from __future__ import annotations

import apsw
import pytest

from leadline.sql import analysis
from leadline.sql.engine import Attachments, Engine
from leadline.sql.schema import ALL, INTEGER, Column, Query, Rows, Table, table


def declared(name: str) -> Table:
    @table(name, Column("a", INTEGER, "A."), Column("b", INTEGER, "B."), platforms=ALL)
    def generate(query: Query) -> Rows:
        """Rows that nobody may ask for."""
        raise AssertionError(f"{name} was read")

    return generate


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT 1", ""),
        ("SELECT a FROM one", "one"),
        ("SELECT count(*) FROM one", "one"),
        ("SELECT x.a FROM one AS x JOIN two USING (a) WHERE x.b IN (SELECT b FROM three)", "one two three"),
        ("WITH one AS (SELECT a FROM two) SELECT * FROM one", "two"),
        ("SELECT 'one' FROM two -- three", "two"),
        ("SELECT * FROM one UNION ALL SELECT * FROM two ORDER BY 1; SELECT a FROM three", "one two three"),
        ("WITH RECURSIVE n(x) AS (SELECT a FROM one UNION ALL SELECT x + 1 FROM n) SELECT x FROM n", "one"),
    ],
)
def test_the_tables_of_a_statement_are_told_without_running_it(sql: str, names: str) -> None:
    attachments = Attachments()
    attachments.attach(*map(declared, ("one", "two", "three")))
    with Engine(tables={}, aliases={}, attachments=attachments) as engine:
        engine.query("SELECT 1").close()
        before = engine.connection.authorizer
        assert analysis.tables(engine.connection, sql) & {"one", "two", "three"} == set(names.split())
        assert engine.connection.authorizer == before


def test_the_tables_inside_of_views_are_told_too() -> None:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v")
    assert "t" in analysis.tables(connection, "SELECT * FROM w")
    connection.close()
    attachments = Attachments()
    attachments.attach(*map(declared, ("one", "two", "three")))
    with Engine(tables={}, aliases={}, attachments=attachments) as engine:
        list(engine.query("CREATE VIEW v AS SELECT one.b FROM one JOIN two USING (a)"))
        assert {"one", "two"} == analysis.tables(engine.connection, "SELECT * FROM v -- three") - {"v"}


def test_a_statement_that_sqlite_refuses_leaves_the_authorizer_as_it_was() -> None:
    with Engine(tables={}, aliases={}) as engine:
        with pytest.raises(apsw.SQLError, match="no such table: nosuch"):
            analysis.tables(engine.connection, "SELECT * FROM nosuch")
        with pytest.raises(apsw.AuthError):
            analysis.tables(engine.connection, "ATTACH '/etc/passwd' AS x")
        assert list(engine.query("SELECT 1")) == [(1,)]
