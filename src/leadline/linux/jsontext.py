"""JSON one value at a time (RFC 8259): no matter how much a document holds, only its text is kept."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    # Names and numbers that lead to a value, the value as the document writes it (strings decoded), its type.
    Item = tuple[list[str], str | None, str]

_SPACE = " \t\n\r"
_WORDS = {"t": ("true", "boolean"), "f": ("false", "boolean"), "n": ("null", "null")}
_KINDS = {"[": "array", "{": "object"}


class JSONError(ValueError):
    """A document that is no JSON; the text says what is wrong and in which line."""


def values(text: str, depth: int) -> Iterator[Item]:
    """Each scalar of a document, and each object and array that is empty, in the order of the text.

    The list of names is the same one each time. Raises JSONError, also for what is nested more than ``depth`` deep.
    """
    scan = _Scan(text, depth)
    yield from scan.value([])
    scan.skip()
    if scan.at < len(text):
        raise scan.error("more than one value")


def documents(text: str, depth: int) -> Iterator[Item]:
    """The same for values that stand one behind the other (JSON Lines); the first name is the number of each."""
    scan = _Scan(text, depth)
    number = 0
    while scan.skip():
        yield from scan.value([str(number)])
        number += 1


class _Scan:
    """A place in a text."""

    __slots__ = ("at", "depth", "number", "string", "text")

    def __init__(self, text: str, depth: int) -> None:
        import re
        from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out

        self.text = text
        self.at = 0
        self.depth = depth
        self.string = scanstring
        self.number = re.compile(r"-?(?:0|[1-9]\d*+)(?:\.\d++)?(?:[eE][-+]?\d++)?", re.ASCII).match

    def skip(self) -> str:
        """The next character that is no white space, "" at the end."""
        text, at = self.text, self.at
        while text[at : at + 1] in _SPACE and at < len(text):
            at += 1
        self.at = at
        return text[at : at + 1]

    def error(self, reason: str) -> JSONError:
        return JSONError(f"line {self.text.count(chr(10), 0, self.at) + 1}: {reason}")

    def value(self, path: list[str]) -> Iterator[Item]:
        """The items of the value that begins here. ``path`` ends in the next number or name of what is open."""
        open_: list[str] = []
        while True:
            character = self.skip()
            if character in ("[", "{"):
                if len(open_) == self.depth:
                    raise self.error(f"nested more than {self.depth} deep")
                self.at += 1
                if self.skip() == ("]" if character == "[" else "}"):
                    self.at += 1
                    yield path, None, _KINDS[character]
                else:
                    open_.append(character)
                    path.append("0" if character == "[" else self.name())
                    continue
            else:
                yield path, *self.scalar(character)
            while open_:
                character = self.skip()
                self.at += 1
                if character == ",":
                    path[-1] = str(int(path[-1]) + 1) if open_[-1] == "[" else self.name()
                    break
                if character != ("]" if open_[-1] == "[" else "}"):
                    self.at -= 1
                    raise self.error("a comma or the end of what is open is missing")
                open_.pop()
                path.pop()
            else:
                return

    def scalar(self, character: str) -> tuple[str, str]:
        if character == '"':
            return self.quoted(), "string"
        word, kind = _WORDS.get(character, ("", ""))
        if word and self.text.startswith(word, self.at):
            self.at += len(word)
            return word, kind
        found = self.number(self.text, self.at)
        if not found:
            raise self.error("no value")
        self.at = found.end()
        return found[0], "number"

    def name(self) -> str:
        if self.skip() != '"':
            raise self.error("no name of a member")
        found = self.quoted()
        if self.skip() != ":":
            raise self.error("a colon is missing")
        self.at += 1
        return found

    def quoted(self) -> str:
        try:
            text, self.at = self.string(self.text, self.at + 1, True)
        except ValueError:
            raise self.error("a string that does not end, or with what none may hold") from None
        return str(text)
