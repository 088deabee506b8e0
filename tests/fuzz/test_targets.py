"""Every fuzz target over its seeds and random mutations of them; `make fuzz` looks further."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from bounds import Target, bounded, scratch
from targets import TARGETS

MUTATIONS = 200
TELLING = (b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\xff" * 8, b"9" * 20, b"\n", b'"', b"\\", b"{", b"[" * 50, b"\xd8\0")


def flipped(data: bytearray, random: Random) -> None:
    for _ in range(random.choice((1, 1, 2, 8))):
        if data:
            data[random.randrange(len(data))] = random.randrange(256)


def cut(data: bytearray, random: Random) -> None:
    del data[random.randrange(len(data) + 1) :]


def torn(data: bytearray, random: Random) -> None:
    start = random.randrange(len(data) + 1)
    del data[start : start + random.randrange(32)]


def inserted(data: bytearray, random: Random) -> None:
    place = random.randrange(len(data) + 1)
    data[place:place] = random.choice((random.choice(TELLING), random.randbytes(random.randrange(9))))


def replaced(data: bytearray, random: Random) -> None:
    place, text = random.randrange(len(data) + 1), random.choice(TELLING)
    data[place : place + len(text)] = text


def repeated(data: bytearray, random: Random) -> None:
    start = random.randrange(len(data) + 1)
    data[start:start] = data[start : start + random.randrange(64)] * random.choice((1, 3, 20))


CHANGES: tuple[Callable[[bytearray, Random], None], ...] = (flipped, cut, torn, inserted, replaced, repeated)


@pytest.fixture
def directory() -> Iterator[Path]:
    with scratch() as made:
        yield Path(made)


def test_targets_have_names_of_their_own() -> None:
    assert len({target.name for target in TARGETS}) == len(TARGETS)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_mutation_of_a_seed_fails(target: Target, directory: Path) -> None:
    read = bounded(target.prepare(directory))
    rows = [read(seed) for seed in target.seeds]
    assert any(count != 0 for count in rows), "no seed of the table makes a row"
    random = Random(target.name)
    for _ in range(MUTATIONS):
        data = bytearray(random.choice(target.seeds))
        for _ in range(random.choice((1, 1, 2, 4))):
            random.choice(CHANGES)(data, random)
        read(bytes(data))
