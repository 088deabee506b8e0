"""The aggregate carve(path), with programs that take a request, refuse it, or are not there."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import pytest

from leadline.sql.engine import Engine
from leadline.sql.functions import attach


class Program:
    """What the function needs of the program around the engine."""

    def __init__(self, reason: str = "", disabled: str = "false") -> None:
        self.reason = reason
        self.disabled = disabled
        self.asked: list[list[str]] = []

    def flag(self, name: str) -> str:
        assert name == "carver_disable_function"
        return self.disabled

    def carve(self, names: Sequence[str], patterns: Sequence[tuple[str, str]] = ()) -> tuple[str, str]:
        assert not patterns
        self.asked.append(list(names))
        return ("", self.reason) if self.reason else ("guid", "")


def ask(program: Program | None, sql: str) -> list[tuple[object, ...]]:
    with Engine(runtime=program) as engine:
        return list(engine.query(sql))


def test_all_paths_of_a_group_are_one_carve() -> None:
    program = Program()
    rows = "(SELECT 'x' AS g, '/a' AS p UNION ALL VALUES ('x', '/b'), ('y', '/%%'), ('x', '/a'), ('y', NULL))"
    assert ask(program, f"SELECT g, carve(p) FROM {rows} GROUP BY g") == [
        ("x", "Carve Started"),
        ("y", "Carve Started"),
    ]
    assert program.asked == [["/a", "/b"], ["/%%"]]


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (None, "Carve Failed: nothing carves files here"),
        (Program(disabled="true"), "Carve Failed: function disabled (--carver_disable_function)"),
        (Program("no path was given"), "Carve Failed: no path was given"),
    ],
)
def test_a_failure_says_why(program: Program | None, sentence: str) -> None:
    assert ask(program, "SELECT carve('/a')") == [(sentence,)]


def test_it_is_an_aggregate_of_one_argument() -> None:
    connection = apsw.Connection(":memory:")
    attach(connection)
    with pytest.raises(apsw.SQLError, match="wrong number of arguments"):
        connection.execute("SELECT carve()")
    found = connection.execute("SELECT narg, type FROM pragma_function_list WHERE name = 'carve'").fetchall()
    assert found == [(1, "a")]
