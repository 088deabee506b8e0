"""``.types SQL``: the names and types of a statement's result columns."""

from __future__ import annotations

from leadline.shell.session import valid
from leadline.shell.settings import render
from leadline.sql.errors import SQLError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.shell.session import Session
    from leadline.sql.schema import Row


class Listing:
    """Two columns of text in the form of a result."""

    columns = ("name", "type")

    def __init__(self, rows: list[tuple[str, str]]) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


def print_types(session: Session, sql: str) -> int:
    """Print a row for each result column, in the session's mode; 1 when the statement is wrong."""
    try:
        result = session.start(valid(sql))
        rows = list(zip(result.columns, result.types, strict=True))
        result.close()
    except SQLError as error:
        session.stdout.write(f"Error {error.code}: {error.message}\n")
        return 1
    session.out.write_all(render(session.settings, [Listing(rows)], terminal=session.out.terminal))
    return 0
