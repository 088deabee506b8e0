"""From what somebody asked for to the files that go into the archive."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from errno import EPERM
from fnmatch import translate
from stat import S_ISDIR, S_ISREG

from leadline.agent.carving.records import Wanted
from leadline.linux.text import clean
from leadline.sql.schema import EQUALS, LIKE, Query, Value
from leadline.tables.files import selection

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


def paths(wanted: Wanted, cancelled: Callable[[], bool]) -> Iterator[str]:
    """The paths that are wanted, in order; those of directories end in ``/`` when a pattern found them.

    Named ones come whether they exist or not.
    """
    held: list[tuple[str, Value | tuple[Value, ...]]] = list(wanted.patterns)
    if wanted.names:
        held.append((EQUALS, tuple(wanted.names)))
    tests = [fits(operator, text) for operator, text in wanted.patterns]
    for path, _ in selection.by_path("", Query(constraints={"path": held}, cancelled=cancelled)):
        shown = clean(path)
        if all(test(shown) for test in tests):
            yield path


def fits(operator: str, text: str) -> Callable[[str], bool]:
    """Whether a path fits a pattern as SQLite's LIKE or GLOB sees it, where wildcards reach across ``/``."""
    if operator == LIKE:
        parts = {"%": ".*", "_": "."}
        expression = "".join(parts.get(character) or re.escape(character) for character in re.sub("%+", "%", text))
        match = re.compile(expression, re.IGNORECASE | re.ASCII | re.DOTALL).fullmatch
    else:
        match = re.compile(translate(text.replace("[^", "[!"))).match
    return lambda path: match(path) is not None


def opened(path: str) -> int:
    """A descriptor of a regular file, or of what a link leads to, for the caller to close. Raises OSError.

    Nothing else is opened: for some devices that alone has effects. The time of the last access stays as it is where
    the kernel lets us (open(2), O_NOATIME: the owner and root).
    """
    refuse(os.stat(path).st_mode)
    try:
        descriptor = os.open(path, _FLAGS | os.O_NOATIME)
    except OSError as error:
        if error.errno != EPERM:
            raise
        descriptor = os.open(path, _FLAGS)
    try:
        refuse(os.fstat(descriptor).st_mode)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def refuse(mode: int) -> None:
    """Raise OSError for what has no content to carve."""
    if S_ISDIR(mode):
        raise OSError(0, "is a directory: carve what is in it by a pattern that ends in /%%")
    if not S_ISREG(mode):
        raise OSError(0, "is no regular file")
