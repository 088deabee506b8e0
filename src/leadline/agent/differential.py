"""What changed between two results of one query.

Rows are typed JSON objects (:mod:`leadline.agent.rendering`), so two rows are equal exactly when their texts are.
Results are multisets: a row that was there twice and is there once was removed once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import NamedTuple

Digest = bytes


class Difference(NamedTuple):
    """The rows that came, in the order of the result, and for the rows that went how many did."""

    added: list[str]
    removed: dict[Digest, int]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


def digest(row: str) -> Digest:
    """What stands for a row: 16 bytes, so that a result need not be held to be compared with the next."""
    return blake2b(row.encode(), digest_size=16).digest()


def difference(previous: Mapping[Digest, int], current: Iterable[str]) -> Difference:
    """Compare a stored result (amount of each row, by digest) with the rows of a new one."""
    left = dict(previous)
    added = []
    for row in current:
        key = digest(row)
        amount = left.get(key, 0)
        if not amount:
            added.append(row)
        elif amount == 1:
            del left[key]
        else:
            left[key] = amount - 1
    return Difference(added, left)


_TYPES = {int: 0, float: 1, str: 2}


def order(row: str) -> list[tuple[str, int, int | float | str]]:
    """The sort key of removed rows: osquery keeps stored rows in a sorted multiset of maps of typed cells."""
    cells: dict[str, int | float | str] = json.loads(row)
    return [(name, _TYPES[type(value)], value) for name, value in cells.items()]
