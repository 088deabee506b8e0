"""JSON documents with comments and continued lines, and the line of the text that anything in them stands in.

osquery's rules: a backslash at the end of a line joins it to the next, lines that begin with ``#`` or ``//`` are
comments, and what is left is strict JSON. Of members of one name the first counts.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    Document = dict[str, Any]
    Path = tuple[str | int, ...]
else:
    Document = Path = object

MAX_SIZE = 4 << 20
"""Bytes of a document without its comments."""

MAX_DEPTH = 32

TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_BLANK = " \t\r\f\v"
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class DocumentError(ValueError):
    """A text that is no document; ``line`` counts from 1, 0 when the mistake has no place."""

    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(sentence)
        self.line = line


class Places:
    """Where things stand in a text: its cleaned form, and the line that every part of that came from."""

    __slots__ = ("_by_path", "_numbers", "_starts", "text")

    def __init__(self, text: str) -> None:
        self._starts: list[int] = []
        self._numbers: list[int] = []
        self._by_path: dict[Path, int] | None = None
        self.text = self._cleaned(text)

    def _cleaned(self, text: str) -> str:
        """The JSON in the text, line by line; notes where each part of a line comes from."""
        lines: list[str] = []
        size = 0
        parts: list[tuple[int, str]] = []
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            content = line.removesuffix("\r")
            if content.endswith("\\"):
                parts.append((number, content[:-1]))
                continue
            parts.append((number, line))
            size += self._add(parts, size, lines)
            parts = []
        if parts:
            self._add(parts, size, lines)
        return "\n".join(lines)

    def _add(self, parts: list[tuple[int, str]], start: int, lines: list[str]) -> int:
        """Add a line made of parts; its length with the newline."""
        joined = "".join(part for _, part in parts)
        kept = joined.strip(_BLANK)
        if kept.startswith(("#", "//")):
            kept = ""
        place = len(joined) - len(joined.lstrip(_BLANK)) if kept else 0  # what is cut off in front
        end = start - place
        for number, part in parts:
            self._starts.append(min(max(start, end), start + len(kept)))
            self._numbers.append(number)
            end += len(part)
        lines.append(kept)
        return len(kept) + 1

    def at(self, position: int) -> int:
        """The line of the text that a position of the cleaned text came from."""
        return self._numbers[max(0, bisect_right(self._starts, position) - 1)]

    def line(self, path: Sequence[str | int]) -> int:
        """The line of a member, or of the innermost of its parents that is there; 0 when none is."""
        if self._by_path is None:
            self._by_path = {}
            for found, position in members(self.text):
                self._by_path.setdefault(found, self.at(position))
        known = tuple(path)
        while known and known not in self._by_path:
            known = known[:-1]
        return self._by_path.get(known, 0)


def read(text: str) -> tuple[Document, list[tuple[int, str]], Places]:
    """The object in a text, (line, sentence) of what is odd about it, and its places. Raises DocumentError."""
    places = Places(text)
    if len(places.text.encode("utf-8", "surrogatepass")) > MAX_SIZE:
        raise DocumentError(f"Error parsing the config JSON: the size limit is {MAX_SIZE} bytes")
    repeated: list[str] = []

    def first(pairs: list[tuple[str, Any]]) -> Document:
        made = dict(pairs)
        if len(made) != len(pairs):
            made = {}
            for name, value in pairs:
                made.setdefault(name, value)
            repeated.append("")
        return made

    try:
        document = json.loads(places.text, object_pairs_hook=first, parse_constant=refuse, parse_float=finite)
    except json.JSONDecodeError as error:
        raise DocumentError(f"Error parsing the config JSON: {error.msg}", places.at(error.pos)) from None
    except WordError as error:
        raise DocumentError(
            f"Error parsing the config JSON: {error}", places.at(word(places.text, error.word))
        ) from None
    except RecursionError:
        raise DocumentError(f"Error validating the config JSON: nested deeper than {MAX_DEPTH}") from None
    except ValueError as error:  # an integer of thousands of digits
        raise DocumentError(f"Error parsing the config JSON: {error}") from None
    if not isinstance(document, dict):
        raise DocumentError("Error validating the config JSON: the document is not an object", places.at(0))
    if deeper(document, MAX_DEPTH):
        raise DocumentError(f"Error validating the config JSON: nested deeper than {MAX_DEPTH}")
    if _ESCAPED_SURROGATE.search(places.text):
        halved(places)
    return document, list(duplicates(places)) if repeated else [], places


def halved(places: Places) -> None:
    """Refuse half of a surrogate pair, which no text can hold. Raises DocumentError."""
    for match in TOKEN.finditer(places.text):
        if match[0][0] == '"' and "\\u" in match[0]:
            try:
                json.loads(match[0]).encode()
            except UnicodeEncodeError:
                sentence = "Error parsing the config JSON: half of a surrogate pair is no character"
                raise DocumentError(sentence, places.at(match.start())) from None


class WordError(ValueError):
    """Something that Python's reader takes and JSON does not."""

    def __init__(self, word: str, sentence: str) -> None:
        super().__init__(sentence)
        self.word = word


def refuse(constant: str) -> None:
    """Python's JSON reader takes NaN and Infinity, JSON does not."""
    raise WordError(constant, f"{constant} is not JSON")


def finite(text: str) -> float:
    """A number with a fraction or an exponent."""
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise WordError(text, f"the number {text} is too large")
    return number


def word(text: str, wanted: str) -> int:
    """The position of a word outside of strings."""
    return next((match.start() for match in TOKEN.finditer(text) if match[0] == wanted), 0)


def deeper(value: object, limit: int) -> bool:
    """Whether objects and arrays are nested more than ``limit`` deep."""
    if not isinstance(value, dict | list):
        return False
    if not limit:
        return True
    return any(deeper(member, limit - 1) for member in (value.values() if isinstance(value, dict) else value))


def duplicates(places: Places) -> Iterator[tuple[int, str]]:
    """(line, sentence) of each member whose name its object has had before."""
    seen: set[Path] = set()
    left_out: Path = ("",) * (MAX_DEPTH + 1)
    for path, position in members(places.text):
        if path[: len(left_out)] == left_out and path != left_out:
            continue
        if isinstance(path[-1], str) and path in seen:
            yield places.at(position), f"{dotted(path)} is there twice: the first one counts"
            left_out = path
        seen.add(path)


def members(text: str) -> Iterator[tuple[Path, int]]:
    """The path and the position of each member and element of a text that is JSON, in its order."""
    path: list[str | int] = []
    objects: list[bool] = []
    name = element = False  # what the next piece is
    for match in TOKEN.finditer(text):
        piece = match[0]
        if piece == "]":
            objects.pop()
            path.pop()
            element = False
            continue
        if element:
            yield tuple(path), match.start()
            element = False
        if piece == "{":
            objects.append(True)
            name = True
        elif piece == "[":
            objects.append(False)
            path.append(0)
            element = True
        elif piece == "}":
            objects.pop()
            if not name:
                path.pop()
            name = False
        elif piece == ",":
            if objects[-1]:
                path.pop()
                name = True
            else:
                last = path.pop()
                assert isinstance(last, int)
                path.append(last + 1)
                element = True
        elif name:
            path.append(str(json.loads(piece)))
            name = False
            yield tuple(path), match.start()


def dotted(path: Sequence[str | int]) -> str:
    """A path for people: ``packs.p.discovery[1]``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def truth(value: object, otherwise: bool) -> bool:
    """A boolean of the configuration: bool, number, ``"true"`` or ``"t"``; ``otherwise`` when it is absent."""
    if value is None:
        return otherwise
    if isinstance(value, str):
        return value.lower() in ("true", "t", "1")
    return bool(value)


def whole(value: object) -> int | None:
    """An integer of the configuration: a number or its text; None when it is neither."""
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return None
    return int(value) if isinstance(value, int | float) else None
