"""What changed between two results of one query.

Rows are texts (:mod:`leadline.agent.canonical`), results are multisets: a row that was there twice and is there once
was removed once.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

from leadline.agent.spool import Spool

Digest = bytes
SIZE = 16
"""Bytes of a digest."""


class Difference(NamedTuple):
    """The rows that came, in the order of the result, and how many of each came and went.

    ``fresh`` are the rows that were not there before, ``more`` those of which there are more now.
    """

    added: Spool
    fresh: dict[Digest, int]
    more: dict[Digest, int]
    removed: dict[Digest, int]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


def digest(row: str) -> Digest:
    """What stands for a row, so that a result need not be held to be compared with the next."""
    return blake2b(row.encode(), digest_size=SIZE).digest()


def difference(previous: dict[Digest, int], current: Iterable[str]) -> Difference:
    """Compare a stored result (amount of each row, by digest) with the rows of a new one.

    ``previous`` is used up: what is left in it is the amount of each row that is gone.
    """
    added = Spool()
    fresh: dict[Digest, int] = {}
    more: dict[Digest, int] = {}
    get = previous.get
    for row in current:
        key = blake2b(row.encode(), digest_size=SIZE).digest()
        amount = get(key)
        if amount:
            previous[key] = amount - 1
            continue
        added.append(row)
        grown = fresh if amount is None else more
        grown[key] = grown.get(key, 0) + 1
    return Difference(added, fresh, more, {key: amount for key, amount in previous.items() if amount})
