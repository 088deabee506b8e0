"""The csv and list modes: a row a line, fields joined by the separator."""

from __future__ import annotations

from leadline.shell.formats.cells import raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadline.shell.formats import Rows

UNSAFE = bytes([*range(0x21), 0x22, 0x27, *range(0x7F, 0x100)])
"""The bytes that make a csv field quoted: up to space, both quotes, and everything from DEL on."""


def csv(result: Rows, separator: str, *, header: bool, null: str) -> Iterator[str]:
    """One statement's rows as csv. A header comes with the first row only."""
    unsafe = UNSAFE + separator.encode() if len(separator.encode()) == 1 else UNSAFE
    # osquery compares a longer separator with the start of the field only
    start = separator if len(separator.encode()) > 1 else None

    def safe(value: str) -> bool:
        data = value.encode("utf-8", "surrogateescape")
        return len(data.translate(None, unsafe)) == len(data)

    def field(value: str) -> str:
        if value and safe(value) and not (start and value.startswith(start)):
            return value
        return '"' + value.replace('"', '""') + '"'

    first = header
    for row in result:
        if first:
            first = False
            yield separator.join(map(field, result.columns)) + "\n"
        cells = [null if value is None else raw(value) for value in row]
        empty = cells.count("") - (0 if null else row.count(None))
        if empty or start or not safe("".join(cells)):
            cells = [cell if value is None else field(cell) for cell, value in zip(cells, row, strict=True)]
        yield separator.join(cells) + "\n"


def plain(
    result: Rows, separator: str, *, header: bool, null: str, show: Callable[[str], str] | None = None
) -> Iterator[str]:
    """One statement's rows with nothing quoted. ``show`` makes a cell fit for a terminal."""
    first = header
    for row in result:
        if first:
            first = False
            yield separator.join(result.columns) + "\n"
        cells = [null if value is None else raw(value) for value in row]
        yield separator.join(map(show, cells) if show else cells) + "\n"
