"""regex_match and regex_split."""

from __future__ import annotations

import re

from leadline.sql.errors import SQLError
from leadline.sql.functions.arguments import integer, text
from leadline.sql.functions.ecmascript import Parser, RegexError
from leadline.sql.functions.pattern import resets, safe_length, translate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from leadline.sql.functions import Settings
    from leadline.sql.functions.backtrack import Program
    from leadline.sql.functions.ecmascript import Node
    from leadline.sql.schema import Value

REMEMBERED = 128  # compiled patterns


class Pattern:
    """A compiled pattern: Python's engine for texts up to ``safe`` characters, our own for longer ones."""

    def __init__(self, pattern: str) -> None:
        parser = Parser(pattern)
        self.tree: Node = parser.parse()
        self.groups = parser.groups
        self.safe = -1 if resets(self.tree) else safe_length(self.tree)
        self.program: Program | None = None
        try:
            self.compiled = re.compile(translate(self.tree), re.ASCII)
        except (re.error, OverflowError, RecursionError) as error:
            raise RegexError(str(error)) from None

    def matches(self, text: str, stopped: Callable[[], bool]) -> Iterator[Sequence[tuple[int, int]]]:
        """The spans of all groups of each match, group 0 first; (-1, -1) where a group took no part.

        Raises RegexError when the text makes that too expensive.
        """
        if len(text) <= self.safe:
            return (found.regs for found in self.compiled.finditer(text))
        from leadline.sql.functions.backtrack import Program, Search

        if self.program is None:
            self.program = Program(self.tree, self.groups)
        return Search(self.program, text, stopped).matches()


PATTERNS: dict[str, Pattern] = {}


def compiled(pattern: str) -> Pattern:
    """The pattern, from memory when it was used before. Raises RegexError."""
    found = PATTERNS.get(pattern)
    if found is None:
        if len(PATTERNS) >= REMEMBERED:
            PATTERNS.clear()
        found = PATTERNS[pattern] = Pattern(pattern)
    return found


def regex_match(settings: Settings) -> Callable[[Value, Value, Value], str | None]:
    """Make ``regex_match(text, pattern, group)``.

    The text of a group of the first match, empty when the group took no part; NULL without a match or such a group.
    Raises SQLError for a pattern that is too long or none.
    """

    def call(value: Value, pattern: Value, group: Value) -> str | None:
        if value is None or pattern is None or group is None:
            return None
        expression, subject, number = text(pattern), text(value), integer(group)
        if len(expression.encode()) > settings.regex_max_size:
            raise SQLError(f"Invalid regex: too big, max size is {settings.regex_max_size} bytes")
        try:
            spans = next(compiled(expression).matches(subject, settings.stopped), ())
        except RegexError:
            raise SQLError("Invalid regex") from None
        if not 0 <= number < len(spans):
            return None
        low, high = spans[number]
        return subject[low:high] if high >= 0 else ""

    return call


def regex_split(settings: Settings) -> Callable[[Value, Value, Value], str | None]:
    """Make ``regex_split(text, pattern, index)``.

    A piece between matches; unlike split it keeps empty pieces, but for one at the end. NULL when there is no such
    piece. Raises SQLError for a pattern that is empty, too long or none.
    """

    def call(value: Value, pattern: Value, index: Value) -> str | None:
        if value is None or pattern is None or index is None:
            return None
        expression, subject, wanted = text(pattern), text(value), integer(index)
        if not expression:
            raise SQLError("Invalid input to split function")
        try:
            if len(expression.encode()) > settings.regex_max_size:
                raise RegexError("too big")
            pieces = split(subject, compiled(expression), settings.stopped)
        except RegexError:
            raise SQLError("Invalid regex") from None
        return pieces[wanted] if 0 <= wanted < len(pieces) else None

    return call


def split(subject: str, pattern: Pattern, stopped: Callable[[], bool]) -> list[str]:
    """The pieces of a text between the matches of a pattern. Raises RegexError."""
    pieces = []
    end = 0
    for spans in pattern.matches(subject, stopped):
        pieces.append(subject[end : spans[0][0]])
        end = spans[0][1]
    if end < len(subject) or not pieces:
        pieces.append(subject[end:])
    return pieces
