"""Splitting and joining of text."""

from __future__ import annotations

from leadline.sql.errors import SQLError
from leadline.sql.functions.arguments import integer, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.schema import Value

BLANKS = " \t\n\v\f\r"


def split(value: Value, separators: Value, index: Value) -> str | None:
    """Piece ``index`` of the text between any of the separating characters; empty pieces do not count.

    NULL when there is no such piece. Raises SQLError when there is no separator.
    """
    if value is None or separators is None or index is None:
        return None
    characters = text(separators)
    if not characters:
        raise SQLError("Invalid input to split function")
    whole = text(value)
    for other in characters[1:]:
        whole = whole.replace(other, characters[0])
    wanted = integer(index)
    pieces = [piece for piece in whole.split(characters[0]) if piece]
    return pieces[wanted].strip(BLANKS) if 0 <= wanted < len(pieces) else None


def concat(*values: Value) -> str | None:
    """All values that are not NULL, one after the other; NULL only without any argument."""
    return "".join([text(value) for value in values if value is not None]) if values else None


def concat_ws(*values: Value) -> str | None:
    """The same with the first argument between them.

    The separator follows every value that is not NULL and not the last argument, so NULL at the end leaves one
    hanging, as in osquery. Raises SQLError without arguments.
    """
    if not values:
        raise SQLError("Missing separator to concat_ws")
    separator, *rest = values
    if not rest:
        return None
    between = text(separator)
    last = rest.pop()
    joined = "".join([text(value) + between for value in rest if value is not None])
    return joined if last is None else joined + text(last)
