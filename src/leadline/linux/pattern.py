"""Path patterns as osquery reads them: `%` stands for any part of one name, a trailing `%%` for everything below.

In GLOB's patterns the same is written `*` and `**`, and `?` and `[...]` have their usual meaning. Whatever a pattern
selects, SQLite then holds against its own LIKE or GLOB.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Step = str | Callable[[str], bool]
else:
    Step = object


class Pattern:
    """A pattern taken apart.

    ``base`` is the directory above the first wildcard, ending in `/`, or the whole path when there is none.
    ``steps`` are the components from there: a name, or a function that tells whether a name fits. ``recursive``: the
    pattern goes on below what the last step selects. ``folders``: only directories are meant.
    """

    __slots__ = ("base", "folders", "recursive", "steps")

    def __init__(self, base: str, steps: list[Step], recursive: bool, folders: bool) -> None:
        self.base = base
        self.steps = steps
        self.recursive = recursive
        self.folders = folders


def like(text: str, directory: str = "/") -> Pattern:
    """A pattern of LIKE. `_` is an underscore, as in osquery: names are full of them."""
    return _parse(text, directory, "%", "%")


def glob(text: str, directory: str = "/") -> Pattern:
    """A pattern of GLOB."""
    return _parse(text, directory, "*", "*?[")


def anything(_: str) -> bool:
    """The step of a bare wildcard: every name fits."""
    return True


def _parse(text: str, directory: str, wildcard: str, special: str) -> Pattern:
    """``directory`` is what relative patterns are relative to."""
    if not text.startswith("/"):
        text = f"{directory.rstrip('/')}/{text}"
    folders = text.endswith("/")
    recursive = text.rstrip("/").endswith(wildcard * 2)
    parts = text.rstrip("/").split("/") if text.strip("/") else [""]
    first = next((place for place, part in enumerate(parts) if any(one in part for one in special)), len(parts))
    if first == len(parts):
        return Pattern(text, [], False, False)
    steps: list[Step] = [_step(part, wildcard, special) for part in parts[first:]]
    return Pattern("/".join(parts[:first]) + "/", steps, recursive, folders)


def _step(part: str, wildcard: str, special: str) -> Step:
    if not any(one in part for one in special):
        return part
    if any(one in part for one in special if one != wildcard):
        return _class_step(part)
    if not part.strip(wildcard):
        return anything
    first, *middle, last = part.split(wildcard)

    def fits(name: str) -> bool:
        if not name.startswith(first) or not name.endswith(last):
            return False
        start, end = len(first), len(name) - len(last)
        for piece in middle:
            found = name.find(piece, start, end)
            if found < 0:
                return False
            start = found + len(piece)
        return start <= end

    return fits


def _class_step(part: str) -> Step:
    """A step with `?` or a character class; SQLite writes a negated one `[^...]`."""
    import re
    from fnmatch import translate

    match = re.compile(translate(part.replace("[^", "[!"))).match
    return lambda name: match(name) is not None
