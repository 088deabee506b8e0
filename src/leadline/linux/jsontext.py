"""JSON one value at a time (RFC 8259): no matter how much a document holds, only its text is kept."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from re import Match

    # Names and numbers that lead to a value, the value as the document writes it (strings decoded), its type.
    Item = tuple[list[str], str | None, str]
    Matcher = Callable[[str, int], Match[str] | None]
    Tokens = tuple[Matcher, Matcher]  # of values and signs, of names with their colon

# A sign, a string without escapes, a number, a word; behind white space. The groups' numbers tell which.
_TOKENS = (
    r"[ \t\n\r]*+(?:"
    r"([\[\]{},:])"
    r'|"([^"\\\x00-\x1f]*+)"'
    r"|(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?)"
    r"|(true|false)"
    r"|(null))"
)
_NAME = r'[ \t\n\r]*+"([^"\\\x00-\x1f]*+)"[ \t\n\r]*+:'
_SIGN = 1
_TYPES = ("", "", "string", "number", "boolean", "null")
_CONTAINERS = {"[": ("]", "array"), "{": ("}", "object")}


class JSONError(ValueError):
    """A document that is no JSON; the text says what is wrong and in which line."""


def values(text: str, depth: int) -> Iterator[Item]:
    """Each scalar of a document, and each object and array that is empty, in the order of the text.

    The list of names is the same one each time. Raises JSONError, also for what is nested more than ``depth`` deep.
    """
    end = yield from _value(text, 0, [], depth, _tokens())
    if not _is_end(text, end):
        raise _error(text, end, "more than one value")


def documents(text: str, depth: int) -> Iterator[Item]:
    """The same for values that stand one behind the other (JSON Lines); the first name is the number of each."""
    tokens = _tokens()
    at = number = 0
    while not _is_end(text, at):
        at = yield from _value(text, at, [str(number)], depth, tokens)
        number += 1


def _tokens() -> Tokens:
    import re

    return re.compile(_TOKENS).match, re.compile(_NAME).match


def _is_end(text: str, at: int) -> bool:
    return _start(text, at) == len(text)


def _start(text: str, at: int) -> int:
    """Where the next character is that is no white space."""
    while text[at : at + 1] in (" ", "\t", "\n", "\r"):
        at += 1
    return at


def _error(text: str, at: int, reason: str) -> JSONError:
    return JSONError(f"line {text.count(chr(10), 0, _start(text, at)) + 1}: {reason}")


def _value(text: str, at: int, path: list[str], depth: int, tokens: Tokens) -> Generator[Item, None, int]:
    """The items of the value that begins at a place; returns where it ends.

    An open array has the number of its next member at the end of ``path``, an object its name.
    """
    token, name = tokens
    counts: list[int] = []  # of the members so far of what is open, -1 for an object
    while True:
        found = token(text, at)
        kind = found.lastindex or 0 if found else 0
        if not found:
            string, at = _escaped(text, at, "no value")
            yield path, string, "string"
        elif kind != _SIGN:
            at = found.end()
            yield path, found[kind], _TYPES[kind]
        else:
            opened = _CONTAINERS.get(found[_SIGN])
            if not opened:
                raise _error(text, at, "no value")
            if len(counts) == depth:
                raise _error(text, at, f"nested more than {depth} deep")
            at = found.end()
            found = token(text, at)
            if found and found[_SIGN] == opened[0]:
                at = found.end()
                yield path, None, opened[1]
            else:
                counts.append(0 if opened[0] == "]" else -1)
                path.append("0")
                if counts[-1] < 0:
                    path[-1], at = _named(text, at, name)
                continue
        while counts:
            found = token(text, at)
            sign = found[_SIGN] if found else None
            if sign == ",":
                at = found.end()  # type: ignore[union-attr]
                if counts[-1] < 0:
                    path[-1], at = _named(text, at, name)
                else:
                    counts[-1] += 1
                    path[-1] = str(counts[-1])
                break
            if not found or sign != ("}" if counts[-1] < 0 else "]"):
                raise _error(text, at, "a comma or the end of what is open is missing")
            at = found.end()
            counts.pop()
            path.pop()
        else:
            return at


def _named(text: str, at: int, name: Matcher) -> tuple[str, int]:
    """The name of a member, and where its value begins."""
    found = name(text, at)
    if found:
        return found[1], found.end()
    named, at = _escaped(text, at, "no name of a member")
    at = _start(text, at)
    if text[at : at + 1] != ":":
        raise _error(text, at, "a colon is missing")
    return named, at + 1


def _escaped(text: str, at: int, reason: str) -> tuple[str, int]:
    """A string that has escapes, and where it ends. Raises JSONError with the reason for what is none."""
    from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out

    at = _start(text, at)
    if text[at : at + 1] != '"':
        raise _error(text, at, reason)
    try:
        string, end = scanstring(text, at + 1, True)
    except ValueError:
        raise _error(text, at, "a string that does not end, or with what none may hold") from None
    return str(string), int(end)
