"""The column mode: columns of fixed width, found from the header and the first row, or set by ``.width``."""

from __future__ import annotations

from leadline.shell.formats.cells import raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from leadline.shell.formats import Rows

NARROWEST = 10
DASHES = 93  # length of the dashes that the header is underlined with; wider columns are filled with spaces
SET = 100  # columns that have a width of their own


def columns(
    result: Rows, widths: Sequence[int], *, header: bool, null: str, show: Callable[[str], str] | None = None
) -> Iterator[str]:
    """One statement's rows. ``widths`` are bytes; 0 finds the width, a negative one aligns to the right."""
    actual: list[int] = []
    for row in result:
        cells = [null if value is None else raw(value) for value in row]
        if show:
            cells = list(map(show, cells))
        if not actual:
            actual = [
                (widths[number] if number < min(len(widths), SET) else 0) or max(NARROWEST, *map(length, (name, cell)))
                for number, (name, cell) in enumerate(zip(result.columns, cells, strict=True))
            ]
            if header:
                yield line(result.columns, actual)
                yield line(["-" * DASHES] * len(actual), list(map(abs, actual)))
            actual[SET:] = [NARROWEST] * len(actual[SET:])
        yield line(cells, actual)


def length(cell: str) -> int:
    return len(cell.encode("utf-8", "surrogateescape"))


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Cells cut and filled to their widths in bytes, two spaces between them."""
    return "  ".join(map(fitted, cells, widths)) + "\n"


def fitted(cell: str, width: int) -> str:
    """``printf("%-*.*s")``, or without the minus for a negative width: cuts between bytes, not characters."""
    data = cell.encode("utf-8", "surrogateescape")[: abs(width)]
    data = data.ljust(width) if width >= 0 else data.rjust(-width)
    return data.decode("utf-8", "surrogateescape")
