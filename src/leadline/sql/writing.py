"""Tables that INSERT, UPDATE and DELETE can change."""

from __future__ import annotations

from leadline.sql.host import HostedTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadline.sql.host import Scope
    from leadline.sql.schema import Table, Value, Writer


class WritableTable(HostedTable):
    """A hosted table with a writer (apsw's VTTable with xUpdate). What the writer raises ends the statement."""

    __slots__ = ("writer",)

    def __init__(self, table: Table, scope: Scope, writer: Writer) -> None:
        super().__init__(table, scope)
        self.writer = writer

    def UpdateInsertRow(self, rowid: int | None, fields: Sequence[Value]) -> int:  # noqa: N802
        """INSERT: the number of the new row."""
        return self.writer.insert(rowid, fields)

    def UpdateChangeRow(self, row: int, newrowid: int, fields: Sequence[Value]) -> None:  # noqa: N802
        """UPDATE."""
        self.writer.update(row, newrowid, fields)

    def UpdateDeleteRow(self, rowid: int) -> None:  # noqa: N802
        """DELETE."""
        self.writer.delete(rowid)
