"""The pretty mode: a drawn table, as wide as its longest cells."""

from __future__ import annotations

from leadline.shell.formats.cells import raw
from leadline.sql.errors import SQLError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from leadline.shell.formats import Rows

    Part = tuple[tuple[str, ...], list[list[str]]]  # a result's columns and cells


def table(results: Iterable[Rows], null: str = "", show: Callable[[str], str] | None = None) -> Iterator[str]:
    """All results in one table, drawn when the last row is known; nothing for no rows.

    osquery's rows are maps from name to value, so of columns with one name each shows the last value. The columns are
    those of the first result that has rows; a later result leaves those empty that it does not have. Lengths are
    counted in code points.
    """
    parts: list[Part] = []
    failure = None
    try:
        for result in results:
            rows: list[list[str]] = []
            parts.append((result.columns, rows))
            for row in result:
                cells = [null if value is None else raw(value) for value in row]
                rows.append(list(map(show, cells)) if show else cells)
    except SQLError as error:
        failure = error
    parts = [part for part in parts if part[1]]
    if parts:
        yield from drawn(parts, null)
    if failure:
        raise failure


def drawn(parts: list[Part], null: str) -> Iterator[str]:
    """The table's lines."""
    shown = parts[0][0]
    lengths = dict.fromkeys(shown, 0)
    lengths.update({name: len(name) for name in shown})
    for columns, rows in parts:
        for name in lengths.keys() - set(columns):
            lengths[name] = max(lengths[name], len(null))
        for number, name in enumerate(columns):
            if name in lengths:
                lengths[name] = max(lengths[name], max(map(len, [row[number] for row in rows])))
    widths = [lengths[name] for name in shown]
    rule = "+" + "".join("-" * (width + 2) + "+" for width in widths) + "\n"
    yield rule
    yield line(shown, widths)
    yield rule
    for columns, rows in parts:
        if columns == shown and len(lengths) == len(shown):
            for row in rows:
                yield line(row, widths)
        else:
            for row in rows:
                named = dict(zip(columns, row, strict=True))
                yield line([named.get(name, null) for name in shown], widths)
    yield rule


def line(cells: Iterable[str], widths: list[int]) -> str:
    return "| " + " | ".join(map(str.ljust, cells, widths)) + " |\n"
