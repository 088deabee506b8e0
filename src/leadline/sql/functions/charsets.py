"""Sets of characters as sorted, disjoint ranges of code points, and the sets that patterns have names for.

The names know ASCII only, as in C's own locale.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Ranges: TypeAlias = tuple[tuple[int, int], ...]

LAST = 0x10FFFF


def union(*sets: Ranges) -> Ranges:
    """All characters of the sets."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(one for ranges in sets for one in ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    """All other characters."""
    free = []
    next_free = 0
    for low, high in ranges:
        if low > next_free:
            free.append((next_free, low - 1))
        next_free = high + 1
    return (*free, (next_free, LAST)) if next_free <= LAST else tuple(free)


def one_of(characters: str) -> Ranges:
    """The characters of a text."""
    return union(tuple((ord(one), ord(one)) for one in characters))


DIGIT: Ranges = ((0x30, 0x39),)
UPPER: Ranges = ((0x41, 0x5A),)
LOWER: Ranges = ((0x61, 0x7A),)
SPACE = one_of(" \t\n\v\f\r")
ALNUM = union(DIGIT, UPPER, LOWER)
WORD = union(ALNUM, one_of("_"))
GRAPH: Ranges = ((0x21, 0x7E),)
ANY_BUT_NEWLINE = complement(one_of("\n\r"))

ESCAPED = {
    "d": DIGIT,
    "D": complement(DIGIT),
    "s": SPACE,
    "S": complement(SPACE),
    "w": WORD,
    "W": complement(WORD),
}
NAMED = {
    "alnum": ALNUM,
    "alpha": union(UPPER, LOWER),
    "blank": one_of(" \t"),
    "cntrl": ((0x00, 0x1F), (0x7F, 0x7F)),
    "d": DIGIT,
    "digit": DIGIT,
    "graph": GRAPH,
    "lower": LOWER,
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "s": SPACE,
    "space": SPACE,
    "upper": UPPER,
    "w": WORD,
    "xdigit": union(DIGIT, ((0x41, 0x46), (0x61, 0x66))),
}
