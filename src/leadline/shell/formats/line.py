"""The line mode: one value a line, an empty line between rows."""

from __future__ import annotations

from leadline.shell.formats.cells import raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadline.shell.formats import Rows

NARROWEST = 5  # bytes that names are at least aligned to


def lines(result: Rows, *, null: str, show: Callable[[str], str] | None = None) -> Iterator[str]:
    """One statement's rows. Names are aligned to the right by their length in bytes, as printf does."""
    names: list[str] = []
    for row in result:
        if names:
            yield "\n"
        else:
            lengths = [len(name.encode()) for name in result.columns]
            widest = max(lengths, default=0)
            width = max(widest, NARROWEST)
            names = [" " * (width - length) + name for name, length in zip(result.columns, lengths, strict=True)]
        cells = [null if value is None else raw(value) for value in row]
        if show:
            cells = list(map(show, cells))
        yield "".join([f"{name} = {cell}\n" for name, cell in zip(names, cells, strict=True)])
