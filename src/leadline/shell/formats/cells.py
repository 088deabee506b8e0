"""One cell as text, and as text that a terminal may be given."""

from __future__ import annotations

from leadline.sql.values import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Value

VISIBLE = {number: f"\\x{number:02X}" for number in (*range(0x20), *range(0x7F, 0xA0))}
VISIBLE.update({9: "\\t", 10: "\\n", 13: "\\r"})


def raw(value: Value) -> str:
    """What osquery prints for a value: a C string, so it ends before the first NUL."""
    if type(value) is str:
        return value.partition("\0")[0] if "\0" in value else value
    return text(value)


def visible(cell: str) -> str:
    """The cell with its control characters (C0, DEL, C1) spelled out: rows must not drive the reader's terminal."""
    return cell if cell.isprintable() else cell.translate(VISIBLE)
