"""The JSON files that applications keep in users' homes: read with bounds, whatever is in them."""

from __future__ import annotations

from leadline.linux import files, rooted, walk
from leadline.linux.text import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LARGEST = 8 << 20  # bytes of a file
_DIGITS = 19  # of a number that is kept as one
_BIGGEST = 1 << 63


def read(root: str, path: str) -> Any:
    """The content of a JSON file; None when it is missing, too large, or none."""
    data = files.read(rooted.path(root, path), LARGEST + 1)
    return None if data is None else parse(data)


def parse(data: bytes) -> Any:
    """The value of a JSON document; None when it is too large, nested too deeply or none.

    Comments, which Chromium allows in manifests, are passed over. Numbers that are no 64-bit integers stay text.
    """
    if len(data) > LARGEST:
        return None
    import json

    text = data.decode("utf-8-sig", "surrogateescape")
    for attempt in (str, _without_comments):
        try:
            return json.loads(attempt(text), parse_int=_number, parse_float=str, parse_constant=str)
        except (ValueError, RecursionError):
            continue
    return None


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _DIGITS and -_BIGGEST <= int(digits) < _BIGGEST else digits


def _without_comments(text: str) -> str:
    import re

    tokens = r'("(?:[^"\\]++|\\.)*+"?)|//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?'
    return re.sub(tokens, lambda found: found[1] or " ", text, flags=re.DOTALL)


def member(value: Any, *names: str) -> Any:
    """The member at the end of a chain of names; None where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(value: Any) -> str:
    """A value as text: true, false and null by their names, nothing for an object or a list."""
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, int) else ""


def folders(root: str, path: str) -> list[str]:
    """The names of the directories in a directory, links to directories among them, in order."""
    return [name[:-1] for name in sorted(walk.entries(root, path)) if name.endswith("/")]


def canonical(root: str, path: str) -> str:
    """The path without links, as seen under the root."""
    if root:
        return rooted.path(root, path)[len(root) :] or "/"
    import os

    try:
        return os.path.realpath(path)
    except ValueError:  # a NUL
        return path
