"""Asking the tables in SQL, on a captured root and on the machine that runs the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leadline.sql.engine import Engine

ROOT = str(Path(__file__).parents[1] / "roots" / "debian12")

Ask = Callable[[str], list[dict[str, Any]]]


def asking(engine: Engine) -> Ask:
    """A function from a statement to its rows, as dictionaries of raw values in column order."""

    def ask(sql: str) -> list[dict[str, Any]]:
        result = engine.query(sql)
        return [dict(zip(result.columns, row, strict=True)) for row in result]

    return ask


@pytest.fixture
def captured() -> Iterator[Ask]:
    """Asks the captured Debian 12 root."""
    with Engine(root=ROOT) as engine:
        yield asking(engine)


@pytest.fixture
def live() -> Iterator[Ask]:
    """Asks the machine that runs the tests."""
    with Engine() as engine:
        yield asking(engine)
