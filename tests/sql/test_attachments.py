"""Tables that come and go while an engine is open, and tables that can be written."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import pytest

from leadline.sql.engine import Attachments, Engine
from leadline.sql.errors import SQLError
from leadline.sql.schema import ALL, BIGINT, INTEGER, PLATFORM_NAMES, TEXT, Column, Query, Rows, Table, Value, table


def constant(name: str, *words: str, aliases: Sequence[str] = ()) -> Table:
    @table(name, Column("word", TEXT, "A word."), platforms=ALL, aliases=aliases)
    def declared(query: Query) -> Rows:
        """Words."""
        return [(word,) for word in words]

    return declared


def rows(engine: Engine, sql: str) -> list[tuple[Value, ...]]:
    return list(engine.query(sql))


def test_a_table_is_there_from_the_next_statement_on_in_every_engine() -> None:
    attachments = Attachments()
    with Engine(attachments=attachments) as one, Engine(attachments=attachments) as two:
        with pytest.raises(SQLError, match="no such table: words"):
            one.query("SELECT * FROM words")
        attachments.attach(constant("words", "a", "b", aliases=["terms"]))
        for engine in (one, two):
            assert rows(engine, "SELECT * FROM words") == [("a",), ("b",)]
            assert rows(engine, "SELECT * FROM terms") == [("a",), ("b",)]
        attachments.detach("words")
        for engine in (one, two):
            for name in ("words", "terms"):
                with pytest.raises(SQLError, match="no such table"):
                    engine.query(f"SELECT * FROM {name}")


def test_a_table_of_the_same_name_takes_the_place_of_the_one_before_even_in_prepared_statements() -> None:
    attachments = Attachments()
    with Engine(attachments=attachments) as engine:
        for word in ("a", "b", "c"):
            attachments.attach(constant("words", word))
            assert rows(engine, "SELECT * FROM words") == [(word,)]
        attachments.detach("words")
        with pytest.raises(SQLError, match="no such table"):
            engine.query("SELECT * FROM words")


def test_a_running_statement_keeps_its_table() -> None:
    attachments = Attachments()
    attachments.attach(constant("words", *map(str, range(1000))))
    with Engine(attachments=attachments) as engine:
        running = engine.query("SELECT * FROM words")
        assert next(running) == ("0",)
        attachments.attach(constant("words", "new"))
        assert rows(engine, "SELECT * FROM words") == [("new",)]
        attachments.detach("words")
        assert rows(engine, "SELECT 1") == [(1,)]
        assert len(list(running)) == 999


def test_attached_tables_are_listed() -> None:
    attachments = Attachments()
    sql = "SELECT name FROM sqlite_temp_master WHERE name LIKE 'word%'"
    with Engine(attachments=attachments) as engine:
        assert rows(engine, sql) == []
        attachments.attach(constant("words", "a"))
        assert rows(engine, sql) == [("words",)]
        attachments.attach(constant("words", "b"))
        assert rows(engine, "SELECT * FROM words") == [("b",)]
        attachments.detach("words")
        assert rows(engine, sql) == []


class Shelf:
    """Rows in a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[int, tuple[Value, ...]] = {}
        self.error: SQLError | None = None

    def insert(self, rowid: int | None, values: Sequence[Value]) -> int:
        if self.error:
            raise self.error
        number = rowid or max(self.rows, default=0) + 1
        self.rows[number] = tuple(values)
        return number

    def update(self, rowid: int, new_rowid: int, values: Sequence[Value]) -> None:
        del self.rows[rowid]
        self.rows[new_rowid] = tuple(values)

    def delete(self, rowid: int) -> None:
        del self.rows[rowid]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def attachments(shelf: Shelf) -> Attachments:
    columns = (Column("name", TEXT, "Name.", index=True), Column("count", BIGINT, "Count."))
    books = Table("books", columns, ALL, attributes=frozenset({"extension"}), writer=shelf)
    for platform in PLATFORM_NAMES:
        books.on(platform)(lambda query: [(*values, number) for number, values in sorted(shelf.rows.items())])
    offered = Attachments()
    offered.attach(books)
    return offered


def test_rows_are_inserted_changed_and_deleted_by_their_numbers(shelf: Shelf, attachments: Attachments) -> None:
    with Engine(attachments=attachments) as engine:
        assert rows(engine, "INSERT INTO books VALUES ('a', 1), ('b', 2)") == []
        assert rows(engine, "INSERT INTO books (rowid, name) VALUES (40, 'c')") == []
        assert shelf.rows == {1: ("a", 1), 2: ("b", 2), 40: ("c", None)}
        assert rows(engine, "UPDATE books SET count = count + 5 WHERE name = 'b'") == []
        assert rows(engine, "UPDATE books SET rowid = 50 WHERE name = 'c'") == []
        assert shelf.rows == {1: ("a", 1), 2: ("b", 7), 50: ("c", None)}
        assert rows(engine, "DELETE FROM books WHERE name = 'a'") == []
        assert rows(engine, "SELECT rowid, * FROM books") == [(2, "b", 7), (50, "c", None)]
        assert rows(engine, "INSERT INTO books SELECT name || '!', count FROM books") == []
        assert rows(engine, "SELECT name FROM books") == [("b",), ("c",), ("b!",), ("c!",)]


def test_what_a_writer_refuses_ends_the_statement_with_its_code(shelf: Shelf, attachments: Attachments) -> None:
    shelf.error = SQLError("table books may not be modified", apsw.SQLITE_READONLY)
    with Engine(attachments=attachments) as engine, pytest.raises(SQLError, match="may not be modified") as raised:
        rows(engine, "INSERT INTO books VALUES ('a', 1)")
    assert raised.value.code == apsw.SQLITE_READONLY


def test_a_table_without_a_writer_cannot_be_written() -> None:
    attachments = Attachments()
    attachments.attach(constant("words", "a"))
    with Engine(attachments=attachments) as engine, pytest.raises(SQLError, match="may not be modified"):
        engine.query("DELETE FROM words")


def test_an_in_list_reaches_an_extension_table_one_value_at_a_time_unless_the_column_is_optimized() -> None:
    for optimized, expected in ((False, [(1,), (2,)]), (True, [(1, 2)])):
        asked: list[object] = []

        def generate(query: Query, asked: list[object] = asked) -> Rows:
            asked.append(query.equals("id"))
            return [(1, None), (2, None)]

        ids = Table(
            "ids", (Column("id", INTEGER, "Id.", index=True, optimized=optimized),), ALL,
            attributes=frozenset({"extension"}),
        )  # fmt: skip
        ids.on(ALL)(generate)
        with Engine(extra=(ids,)) as engine:
            assert rows(engine, "SELECT id FROM ids WHERE id IN (1, 2)") == [(1,), (2,)]
        assert asked == expected
