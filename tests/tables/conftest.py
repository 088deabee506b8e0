from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leadline.sql.engine import Engine

ROOT = str(Path(__file__).parents[1] / "roots" / "debian12")

Rows = list[tuple[Any, ...]]


@pytest.fixture
def answer() -> Callable[..., Rows]:
    """``answer(sql, root="", **engine)``: the rows of one query on this machine, or below a root."""

    def ask(sql: str, root: str = "", **options: Any) -> Rows:
        with Engine(root=root, **options) as engine:
            return [tuple(row) for row in engine.query(sql)]

    return ask


@pytest.fixture
def root() -> str:
    """The captured file system of a Debian 12 machine."""
    return ROOT
