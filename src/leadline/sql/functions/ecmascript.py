"""Regular expressions in the grammar of ECMAScript, as osquery's C++ library reads them: from text to a tree.

ECMA-262, 3rd edition, 15.10.1, with POSIX names in brackets (``[[:digit:]]``). Stricter than most engines: ``]``,
``}`` and ``{`` stand for themselves only behind a backslash, and so does no letter. Classes know ASCII only.
"""

from __future__ import annotations

from leadline.sql.functions.charsets import ANY_BUT_NEWLINE, ESCAPED, NAMED, complement, one_of, union

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from leadline.sql.functions.charsets import Ranges

    Node: TypeAlias = "Chars | Sequence | Choice | Group | Repeat | Edge | Look | Back"

MOST = (1 << 31) // 10  # a larger count is an error


class RegexError(ValueError):
    """The pattern is none, or too complex for what it was to be matched with."""


class Chars:
    """One character out of ranges of code points, sorted and disjoint."""

    __slots__ = ("ranges",)

    def __init__(self, ranges: Ranges) -> None:
        self.ranges = ranges


class Sequence:
    """Its parts one after the other; nothing when there are none."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[Node]) -> None:
        self.parts = parts


class Choice:
    """The first of the options with which the rest matches."""

    __slots__ = ("options",)

    def __init__(self, options: list[Node]) -> None:
        self.options = options


class Group:
    """What is captured under a number."""

    __slots__ = ("body", "number")

    def __init__(self, number: int, body: Node) -> None:
        self.number = number
        self.body = body


class Repeat:
    """The body ``least`` to ``most`` times (None: any number). ``groups`` are the numbers captured in it."""

    __slots__ = ("body", "greedy", "groups", "least", "most")

    def __init__(self, body: Node, least: int, most: int | None, greedy: bool, groups: range) -> None:
        self.body = body
        self.least = least
        self.most = most
        self.greedy = greedy
        self.groups = groups


class Edge:
    """A place without width: ``^``, ``$``, ``b`` for a word's edge or ``B`` for any other place."""

    __slots__ = ("kind",)

    def __init__(self, kind: str) -> None:
        self.kind = kind


class Look:
    """What follows must match the body, or must not."""

    __slots__ = ("body", "negative")

    def __init__(self, body: Node, negative: bool) -> None:
        self.body = body
        self.negative = negative


class Back:
    """The text of a group again. A group refers to itself in vain: ``hopeless``."""

    __slots__ = ("hopeless", "number")

    def __init__(self, number: int, hopeless: bool) -> None:
        self.number = number
        self.hopeless = hopeless


CONTROLS = {"f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}
NO_ATOM = frozenset("^$\\.*+?()[]{}|")


class Parser:
    """Reads one pattern, once. ``groups`` counts the captures met so far."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.groups = 0
        self.base = 0  # groups before the lookahead being read, whose back references count from there
        self.open: list[int] = []

    def parse(self) -> Node:
        """The whole pattern. Raises RegexError."""
        try:
            node = self.choice()
        except RecursionError:
            raise RegexError("nested too deeply") from None
        if self.at < len(self.pattern):
            raise RegexError("unexpected character")
        return node

    def peek(self, length: int = 1) -> str:
        """The next characters, fewer at the end."""
        return self.pattern[self.at : self.at + length]

    def take(self) -> str:
        """The next character. Raises RegexError at the end."""
        if self.at >= len(self.pattern):
            raise RegexError("unexpected end")
        self.at += 1
        return self.pattern[self.at - 1]

    def accept(self, text: str) -> bool:
        """Whether the text comes next; it is then read."""
        if not self.pattern.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def expect(self, text: str) -> None:
        """Read the text. Raises RegexError when something else comes."""
        if not self.accept(text):
            raise RegexError(f"missing {text}")

    def choice(self) -> Node:
        """Options between bars."""
        options: list[Node] = [self.sequence()]
        while self.accept("|"):
            options.append(self.sequence())
        return options[0] if len(options) == 1 else Choice(options)

    def sequence(self) -> Sequence:
        """Terms until a bar, a closing parenthesis or the end."""
        parts: list[Node] = []
        while (node := self.term()) is not None:
            parts.append(node)
        return Sequence(parts)

    def term(self) -> Node | None:
        """An assertion, or an atom with its quantifier; None when there is no more."""
        if self.peek() in ("^", "$"):
            return Edge(self.take())
        if self.peek(2) in ("\\b", "\\B"):
            self.at += 2
            return Edge(self.pattern[self.at - 1])
        if self.peek(3) in ("(?=", "(?!"):
            return self.look()
        before = self.groups
        atom = self.atom()
        return None if atom is None else self.quantified(atom, before)

    def look(self) -> Look:
        """A lookahead; its back references know only its own groups."""
        negative = self.pattern[self.at + 2] == "!"
        self.at += 3
        base, self.base = self.base, self.groups
        body = self.choice()
        self.base = base
        self.expect(")")
        return Look(body, negative)

    def atom(self) -> Node | None:
        """What a quantifier may follow."""
        character = self.peek()
        if character and character in "*+?{":
            raise RegexError("nothing to repeat")
        if character == ".":
            self.at += 1
            return Chars(ANY_BUT_NEWLINE)
        if character == "\\":
            self.at += 1
            return self.escape()
        if character == "[":
            self.at += 1
            return self.bracket()
        if self.accept("(?:"):
            body = self.choice()
            self.expect(")")
            return body
        if character == "(":
            return self.group()
        if not character or character in NO_ATOM:
            return None
        self.at += 1
        return Chars(one_of(character))

    def group(self) -> Group:
        """A capturing group."""
        self.at += 1
        self.groups += 1
        number = self.groups
        self.open.append(number)
        body = self.choice()
        self.expect(")")
        self.open.pop()
        return Group(number, body)

    def quantified(self, atom: Node, before: int) -> Node:
        """The atom with the quantifier that follows, if one does."""
        groups = range(before + 1, self.groups + 1)
        if self.accept("*"):
            least, most = 0, None
        elif self.accept("+"):
            least, most = 1, None
        elif self.accept("?"):
            least, most = 0, 1
        elif self.accept("{"):
            least, most = self.counts()
        else:
            return atom
        return Repeat(atom, least, most, not self.accept("?"), groups)

    def counts(self) -> tuple[int, int | None]:
        """The numbers in braces."""
        least = self.number()
        if self.accept("}"):
            return least, least
        self.expect(",")
        if self.accept("}"):
            return least, None
        most = self.number()
        self.expect("}")
        if most < least:
            raise RegexError("counts in the wrong order")
        return least, most

    def number(self) -> int:
        """A decimal number."""
        start = self.at
        while self.peek() and self.peek() in "0123456789":
            self.at += 1
        digits = self.pattern[start : self.at]
        if not digits or int(digits[:20]) >= MOST:
            raise RegexError("bad count")
        return int(digits)

    def escape(self) -> Node:
        """What follows a backslash outside brackets."""
        character = self.peek()
        if character and character in "123456789":
            number = self.base + self.number()
            if number > self.groups:
                raise RegexError("no such group")
            return Back(number, number in self.open)
        if character in ESCAPED:
            self.at += 1
            return Chars(ESCAPED[character])
        return Chars(one_of(self.escaped_character()))

    def escaped_character(self) -> str:
        """One character written behind a backslash."""
        character = self.take()
        if character in CONTROLS:
            return CONTROLS[character]
        if character == "c":
            letter = self.take()
            if not (letter.isascii() and letter.isalpha()):
                raise RegexError("bad control character")
            return chr(ord(letter) % 32)
        if character in ("x", "u"):
            digits = "".join(self.take() for _ in range(2 if character == "x" else 4))
            if any(digit not in "0123456789abcdefABCDEF" for digit in digits):
                raise RegexError("bad character number")
            return chr(int(digits, 16))
        if character.isascii() and character.isalnum():
            raise RegexError("unknown escape")
        return character

    def bracket(self) -> Chars:
        """A set of characters, behind its opening bracket."""
        negative = self.accept("^")
        sets: list[Ranges] = []
        while self.peek() != "]":
            low = self.member(sets)
            if self.peek() == "-" and self.peek(2) != "-]":
                if len(self.peek(2)) < 2:
                    raise RegexError("missing ]")
                self.at += 1
                high = self.member(sets)
                if low is None or high is None:
                    raise RegexError("bad range")
                if low <= high:
                    sets.append(((ord(low), ord(high)),))
            elif low is not None:
                sets.append(one_of(low))
        self.at += 1
        ranges = union(*sets)
        return Chars(complement(ranges) if negative else ranges)

    def member(self, sets: list[Ranges]) -> str | None:
        """One character of a bracket; None when it is a class, which has then gone into ``sets``."""
        opening = self.peek(2)
        if opening in ("[:", "[=", "[."):
            self.at += 2
            end = self.pattern.find(opening[1] + "]", self.at)
            if end < 0:
                raise RegexError("missing ]")
            name = self.pattern[self.at : end]
            self.at = end + 2
            if opening == "[:":
                if name.lower() not in NAMED:
                    raise RegexError("no such class")
                sets.append(NAMED[name.lower()])
                return None
            if len(name) != 1:
                raise RegexError("no such character")
            return name
        character = self.take()
        if character != "\\":
            return character
        if self.accept("b"):
            return "\b"
        if self.peek() in ESCAPED:
            sets.append(ESCAPED[self.take()])
            return None
        return self.escaped_character()
