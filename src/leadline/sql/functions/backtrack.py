"""A matcher for parsed patterns that counts its steps.

It gives what ``re`` gives, a hundred times slower, but ends with an error when a text makes it try too much, as
osquery's library does; and it forgets captures of a loop's earlier rounds, which ``re`` does not.
"""

from __future__ import annotations

import re

import apsw

from leadline.sql.functions.ecmascript import Back, Chars, Choice, Group, Look, RegexError, Repeat, Sequence
from leadline.sql.functions.pattern import EDGES, characters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    from leadline.sql.functions.ecmascript import Node

    Registers: TypeAlias = tuple[int, ...]
    # Where to go on: in the program and in the text; the last place in the text to try and the way there; registers.
    Choicepoint: TypeAlias = tuple[int, int, int, int, Registers]
    # What an instruction leaves: where to go on in the program (FAILED, MATCHED) and in the text, and the registers.
    Outcome: TypeAlias = tuple[int, int, Registers]

STEPS = 1_000_000  # a second or two
STEPS_PER_CHARACTER = 64
PENDING = 100_000  # choices that may wait to be tried
CHECKED = 4096  # steps between two looks at the limits
FAILED = -1
MATCHED = -2


class Program:
    """A pattern compiled to instructions: tuples of a function of this module and its operands.

    Registers hold where each group begins and ends, group 0 first, then for each loop how many rounds it has done and
    where the present one began; -1 is nowhere.
    """

    def __init__(self, node: Node, groups: int) -> None:
        self.code: list[tuple[Any, ...]] = []
        self.registers = 2 * (groups + 1)
        self.groups = groups
        self.add(Group(0, node))
        self.code.append((finish,))

    def add(self, node: Node) -> None:
        """Append a node's instructions."""
        code = self.code
        if isinstance(node, Chars):
            code.append((read, re.compile(characters(node.ranges)).match))
        elif isinstance(node, Sequence):
            for part in node.parts:
                self.add(part)
        elif isinstance(node, Choice):
            self.add_choice(node)
        elif isinstance(node, Group):
            code.append((store, 2 * node.number))
            self.add(node.body)
            code.append((store, 2 * node.number + 1))
        elif isinstance(node, Repeat):
            self.add_repeat(node)
        elif isinstance(node, Look):
            at = len(code)
            code.append(())
            self.add(node.body)
            code.append((finish,))
            code[at] = (look, node.negative, len(code))
        elif isinstance(node, Back):
            code.append((fail,) if node.hopeless else (again, 2 * node.number))
        else:
            code.append((stand, re.compile(EDGES[node.kind], re.ASCII).match))

    def add_choice(self, node: Choice) -> None:
        """Each option but the last behind a fork to the next one, and a jump to the end after it."""
        jumps = []
        for option in node.options[:-1]:
            fork_at = len(self.code)
            self.code.append(())
            self.add(option)
            jumps.append(len(self.code))
            self.code.append(())
            self.code[fork_at] = (fork, len(self.code))
        self.add(node.options[-1])
        for jump_at in jumps:
            self.code[jump_at] = (jump, len(self.code))

    def add_repeat(self, node: Repeat) -> None:
        """A run for a set of characters, else a loop with its two registers."""
        if isinstance(node.body, Chars):
            counted = f"{characters(node.body.ranges)}{{{node.least},{'' if node.most is None else node.most}}}"
            self.code.append((run, re.compile(counted).match, node.least, node.greedy))
            return
        register = self.registers
        self.registers += 2
        self.code.append((clear, register))
        start = len(self.code)
        self.code.append(())
        self.add(node.body)
        self.code.append((jump, start))
        most = -1 if node.most is None else node.most
        inside = 2 * node.groups.start, 2 * node.groups.stop
        self.code[start] = (loop, register, node.least, most, node.greedy, len(self.code), inside)


class Search:
    """Matching of one program in one text. ``stopped()`` says whether to give up."""

    def __init__(self, program: Program, text: str, stopped: Callable[[], bool]) -> None:
        self.program = program
        self.text = text
        self.stopped = stopped
        self.steps = STEPS + STEPS_PER_CHARACTER * len(text)
        self.pending: list[Choicepoint] = []

    def matches(self) -> Iterator[list[tuple[int, int]]]:
        """All matches from left to right, each as the spans of its groups, group 0 first; (-1, -1) is no capture.

        Raises RegexError when that takes too many steps.
        """
        blank = (-1,) * self.program.registers
        start = 0
        filled = False  # the next match at this place must not be empty: an empty one has been given
        while start <= len(self.text):
            registers = self.match(0, start, blank, start if filled else -1)
            filled = False
            if registers is None:
                start += 1
                continue
            spans = registers[: 2 * self.program.groups + 2]
            yield [(low, high) if high >= 0 else (-1, -1) for low, high in zip(spans[::2], spans[1::2], strict=True)]
            filled = spans[1] == spans[0]
            start = spans[1]

    def match(self, pc: int, at: int, registers: Registers, not_at: int) -> Registers | None:
        """The registers after matching from instruction ``pc`` on, None when it does not match.

        A match that ends at ``not_at`` counts as none.
        """
        code = self.program.code
        before, self.pending = self.pending, []
        while True:
            self.steps -= 1
            if self.steps % CHECKED == 0:
                self.check()
            instruction = code[pc]
            pc, at, registers = instruction[0](self, instruction, pc + 1, at, registers)
            if pc == MATCHED and at != not_at:
                break
            if pc < 0:
                if not self.pending:
                    self.pending = before
                    return None
                pc, at, last, way, registers = self.pending.pop()
                if at != last:
                    self.pending.append((pc, at + way, last, way, registers))
        self.pending = before
        return registers

    def check(self) -> None:
        """Raise RegexError when a limit is reached, apsw.InterruptError when the statement was cancelled."""
        if self.stopped():
            raise apsw.InterruptError("interrupted")
        if self.steps <= 0 or len(self.pending) > PENDING:
            raise RegexError("too complex")


def read(search: Search, instruction: tuple[Any, ...], ahead: int, at: int, registers: Registers) -> Outcome:
    """One character of a set."""
    return (ahead, at + 1, registers) if instruction[1](search.text, at) else (FAILED, at, registers)


def stand(search: Search, instruction: tuple[Any, ...], ahead: int, at: int, registers: Registers) -> Outcome:
    """At an edge."""
    return (ahead if instruction[1](search.text, at) else FAILED), at, registers


def store(_: Search, instruction: tuple[Any, ...], ahead: int, at: int, registers: Registers) -> Outcome:
    """Keep the place in a register."""
    register = instruction[1]
    return ahead, at, (*registers[:register], at, *registers[register + 1 :])


def clear(_: Search, instruction: tuple[Any, ...], ahead: int, at: int, registers: Registers) -> Outcome:
    """Begin a loop: no round is done."""
    register = instruction[1]
    return ahead, at, (*registers[:register], 0, *registers[register + 1 :])


def fork(search: Search, instruction: tuple[Any, ...], ahead: int, at: int, registers: Registers) -> Outcome:
    """Go on here; elsewhere if that fails."""
    search.pending.append((instruction[1], at, at, 0, registers))
    return ahead, at, registers


def jump(_: Search, instruction: tuple[Any, ...], __: int, at: int, registers: Registers) -> Outcome:
    """Go on elsewhere."""
    return instruction[1], at, registers


def fail(_: Search, __: tuple[Any, ...], ___: int, at: int, registers: Registers) -> Outcome:
    """Never match."""
    return FAILED, at, registers


def finish(_: Search, __: tuple[Any, ...], ___: int, at: int, registers: Registers) -> Outcome:
    """The end of the pattern or of a lookahead."""
    return MATCHED, at, registers


def look(search: Search, instruction: tuple[Any, ...], ahead: int, at: int, registers: Registers) -> Outcome:
    """A lookahead: one match of it counts, it is not gone back into."""
    _, negative, after = instruction
    found = search.match(ahead, at, registers, -1)
    if found is None:
        return (after if negative else FAILED), at, registers
    return (FAILED if negative else after), at, found


def again(search: Search, instruction: tuple[Any, ...], ahead: int, at: int, registers: Registers) -> Outcome:
    """The text of a group, which must have matched."""
    low, high = registers[instruction[1] : instruction[1] + 2]
    if high >= 0 and search.text.startswith(search.text[low:high], at):
        return ahead, at + high - low, registers
    return FAILED, at, registers


def run(search: Search, instruction: tuple[Any, ...], ahead: int, at: int, registers: Registers) -> Outcome:
    """Many characters of a set; the run's other lengths wait as one entry."""
    _, match, least, greedy = instruction
    found = match(search.text, at)
    if found is None:
        return FAILED, at, registers
    short, long = at + least, found.end()
    first, last, way = (long, short, -1) if greedy else (short, long, 1)
    if first != last:
        search.pending.append((ahead, first + way, last, way, registers))
    return ahead, first, registers


def loop(search: Search, instruction: tuple[Any, ...], ahead: int, at: int, registers: Registers) -> Outcome:
    """Begin another round or leave; where both may be, one waits. A round that read nothing is the last."""
    _, register, least, most, greedy, after, (low, high) = instruction
    rounds = registers[register]
    may_leave = rounds >= least
    if rounds == most or (may_leave and rounds > 0 and registers[register + 1] == at):
        return after, at, registers
    inside = (*registers[:low], *((-1,) * (high - low)), *registers[high:])
    inside = (*inside[:register], rounds + 1, at, *inside[register + 2 :])
    if may_leave and not greedy:
        search.pending.append((ahead, at, at, 0, inside))
        return after, at, registers
    if may_leave:
        search.pending.append((after, at, at, 0, registers))
    return ahead, at, inside
