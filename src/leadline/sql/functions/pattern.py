"""A parsed pattern as one for Python's ``re``, and how long a text may be before ``re`` could run away with it.

``re`` backtracks in C, holding the interpreter: nothing can end a match that takes years. So every pattern has a
length up to which its worst case takes about a second; longer texts go to :mod:`leadline.sql.functions.backtrack`.
"""

from __future__ import annotations

from math import log

from leadline.sql.functions.charsets import LAST, complement, union
from leadline.sql.functions.ecmascript import Back, Chars, Choice, Edge, Group, Look, Repeat, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.sql.functions.charsets import Ranges
    from leadline.sql.functions.ecmascript import Node

STEPS = 300_000_000  # steps of Python's engine that take about a second
WAYS = 1_000_000  # ways through an ambiguous loop that it tries in that time
FEW = 8  # a quantifier up to this adds no power of the length
UNLIMITED = 1 << 62
EDGES = {"^": "^", "$": r"\Z", "b": r"\b", "B": r"(?!\b)"}
NEVER = r"(?!)"


def translate(node: Node) -> str:
    """The pattern for ``re.compile(…, re.ASCII)``; groups keep their numbers."""
    if isinstance(node, Chars):
        return characters(node.ranges)
    if isinstance(node, Sequence):
        return "".join([translate(part) for part in node.parts])
    if isinstance(node, Choice):
        return f"(?:{'|'.join([translate(option) for option in node.options])})"
    if isinstance(node, Group):
        return f"({translate(node.body)})"
    if isinstance(node, Repeat):
        counts = f"{{{node.least},{'' if node.most is None else node.most}}}"
        return f"(?:{translate(node.body)}){counts}{'' if node.greedy else '?'}"
    if isinstance(node, Look):
        return f"(?{'!' if node.negative else '='}{translate(node.body)})"
    if isinstance(node, Back):
        return NEVER if node.hopeless else f"(?:\\{node.number})"
    return EDGES[node.kind]


def characters(ranges: Ranges) -> str:
    """One character of a set, every code point written as a number so that none has a meaning.

    A set that goes on for ever is written as what it leaves out: ``re`` compiles that much faster.
    """
    if not ranges:
        return f"[^{_span(0, LAST)}]"
    if ranges[-1][1] < LAST:
        return f"[{''.join([_span(low, high) for low, high in ranges])}]"
    others = complement(ranges)
    return f"[^{''.join([_span(low, high) for low, high in others])}]" if others else r"[\s\S]"


def _span(low: int, high: int) -> str:
    return f"\\U{low:08x}" if low == high else f"\\U{low:08x}-\\U{high:08x}"


def resets(node: Node) -> bool:
    """Whether a repetition may pass by a group that an earlier round captured.

    ECMAScript forgets such a capture, ``re`` keeps it.
    """
    if isinstance(node, Repeat):
        if node.groups and node.most != 1 and not set(node.groups) <= _certain(node.body):
            return True
        return resets(node.body)
    return any(resets(child) for child in _children(node))


def _certain(node: Node) -> set[int]:
    """The groups captured whenever the node matches."""
    if isinstance(node, Choice) or (isinstance(node, Repeat) and node.least == 0) or isinstance(node, Look):
        return set()
    inner: set[int] = {node.number} if isinstance(node, Group) else set()
    return inner.union(*[_certain(child) for child in _children(node)])


def _children(node: Node) -> list[Node]:
    if isinstance(node, Sequence):
        return node.parts
    if isinstance(node, Choice):
        return node.options
    return [node.body] if isinstance(node, Group | Repeat | Look) else []


def safe_length(node: Node) -> int:
    """The longest text that ``re`` may be given, in characters.

    Where a text can go through a loop in more than one way, each loop adds a power of the length to the time, and a
    loop whose own rounds are ambiguous, as in ``(a+)+``, makes it exponential.
    """
    flow = Flow()
    flow.visit(node)
    if flow.endless:
        return -1
    ways = flow.ways()
    if ways > 1:
        return int(log(WAYS) / log(ways))
    power = flow.power() + (0 if _anchored(node) else 1)
    if power <= 1:
        return UNLIMITED
    factorial = 1
    for number in range(2, power + 1):
        factorial *= number
    return int((STEPS * factorial) ** (1 / power))


def _anchored(node: Node) -> bool:
    """Whether a match can only begin at the beginning of the text."""
    if isinstance(node, Edge):
        return node.kind == "^"
    if isinstance(node, Sequence):
        return bool(node.parts) and _anchored(node.parts[0])
    if isinstance(node, Choice):
        return all(_anchored(option) for option in node.options)
    return isinstance(node, Group) and _anchored(node.body)


class Flow:
    """Which characters of a pattern may come after which: the positions of Glushkov's automaton.

    ``follow[p]`` lists the positions after ``p``, one twice when there are two ways to it. ``loops`` are the positions
    in each loop of many rounds, ``rounds`` those in any loop.
    """

    def __init__(self) -> None:
        self.sets: list[Ranges] = []
        self.follow: list[list[int]] = []
        self.rounds: list[range] = []
        self.loops: list[range] = []
        self.looks = 0
        self.endless = False  # a loop that can turn without reading: the text's length does not bound the time

    def visit(self, node: Node) -> tuple[bool, list[int], list[int]]:
        """Whether the node may match nothing, the positions it begins with and those it ends with."""
        if isinstance(node, Chars):
            return False, *self.position(node.ranges)
        if isinstance(node, Back):
            return True, *self.position(((0, LAST),))
        if isinstance(node, Group):
            return self.visit(node.body)
        if isinstance(node, Sequence):
            return self.sequence(node)
        if isinstance(node, Choice):
            parts = [self.visit(option) for option in node.options]
            first = [one for part in parts for one in part[1]]
            last = [one for part in parts for one in part[2]]
            return any(part[0] for part in parts), first, last
        if isinstance(node, Repeat):
            return self.repeat(node)
        if isinstance(node, Look):
            inner = Flow()
            inner.visit(node.body)
            self.endless = self.endless or inner.endless or inner.ways() > 1
            self.looks += inner.power()
        return True, [], []

    def position(self, ranges: Ranges) -> tuple[list[int], list[int]]:
        """A new position; it is its own first and last."""
        self.sets.append(ranges)
        self.follow.append([])
        return [len(self.sets) - 1], [len(self.sets) - 1]

    def sequence(self, node: Sequence) -> tuple[bool, list[int], list[int]]:
        """The parts joined: what ends before begins after."""
        nullable = True
        first: list[int] = []
        last: list[int] = []
        for part in node.parts:
            empty, begins, ends = self.visit(part)
            for position in last:
                self.follow[position] += begins
            if nullable:
                first = first + begins
            last = last + ends if empty else ends
            nullable = nullable and empty
        return nullable, first, last

    def repeat(self, node: Repeat) -> tuple[bool, list[int], list[int]]:
        """The body joined to itself."""
        start = len(self.sets)
        empty, first, last = self.visit(node.body)
        inside = range(start, len(self.sets))
        if node.most is None or node.most > 1:
            self.rounds.append(inside)
            self.endless = self.endless or empty
            for position in last:
                self.follow[position] += first
        if node.most is None or node.most > FEW:
            self.loops.append(inside)
        return empty or node.least == 0, first, last

    def ways(self) -> int:
        """How many ways there are to go on at a character of a loop's rounds, at most; 1 when none is ambiguous."""
        most = 1
        for inside in self.rounds:
            for position in inside:
                again = [after for after in self.follow[position] if after in inside]
                if len(again) > most and self.ambiguous(again):
                    most = len(again)
        return most

    def power(self) -> int:
        """How often the length is a factor of the time that one start may take."""
        ambiguous = sum(1 for inside in self.loops if any(self.ambiguous(self.follow[position]) for position in inside))
        return max(ambiguous, 1 if self.loops else 0) + self.looks

    def ambiguous(self, positions: list[int]) -> bool:
        """Whether one character may lead to two of the positions."""
        sets = [self.sets[position] for position in positions]
        size = sum(high - low + 1 for ranges in sets for low, high in ranges)
        return size != sum(high - low + 1 for low, high in union(*sets))
