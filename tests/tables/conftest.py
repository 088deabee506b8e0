"""Asking the tables in SQL, on a captured root and on the machine that runs the tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leadline.catalogue.index import ALIASES, TABLES
from leadline.flags import Flags
from leadline.shell.runtime import ShellRuntime
from leadline.sql.engine import Engine

ROOT = str(Path(__file__).parents[1] / "roots" / "debian12")

Rows = list[tuple[Any, ...]]
Ask = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def answer() -> Callable[..., Rows]:
    """``answer(sql, root="", **engine)``: the rows of one query on this machine, or below a root."""

    def ask(sql: str, root: str = "", **options: Any) -> Rows:
        with Engine(tables=TABLES, aliases=ALIASES, root=root, **options) as engine:
            return [tuple(row) for row in engine.query(sql)]

    return ask


@pytest.fixture
def root() -> str:
    """The captured file system of a Debian 12 machine."""
    return ROOT


def asking(engine: Engine) -> Ask:
    """A function from a statement to its rows, as dictionaries of raw values in column order."""

    def ask(sql: str) -> list[dict[str, Any]]:
        result = engine.query(sql)
        return [dict(zip(result.columns, row, strict=True)) for row in result]

    return ask


@pytest.fixture
def captured() -> Iterator[Ask]:
    """Asks the captured Debian 12 root."""
    with Engine(tables=TABLES, aliases=ALIASES, root=ROOT) as engine:
        yield asking(engine)


@pytest.fixture
def live() -> Iterator[Ask]:
    """Asks the machine that runs the tests."""
    with Engine(tables=TABLES, aliases=ALIASES) as engine:
        yield asking(engine)


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[dict[str, str | bytes]], str]:
    """``tree({"etc/hosts": "..."})``: a root with these files; a name that ends in ``/`` is an empty directory."""

    def plant(contents: dict[str, str | bytes]) -> str:
        for name, content in contents.items():
            path = tmp_path / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(tmp_path)

    return plant


@pytest.fixture
def ask() -> Callable[..., list[dict[str, Any]]]:
    """``ask(sql, root="", **engine)``: rows as dictionaries."""

    def run(sql: str, root: str = "", **options: Any) -> list[dict[str, Any]]:
        with Engine(tables=TABLES, aliases=ALIASES, root=root, **options) as engine:
            return asking(engine)(sql)

    return run


@pytest.fixture
def program(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ShellRuntime]:
    """``program({"yara": ...}, read_max="1000")``: what a shell with these settings tells tables."""

    def make(configuration: dict[str, Any] | None = None, **values: str) -> ShellRuntime:
        flags = Flags()
        path = tmp_path_factory.mktemp("etc") / "osquery.conf"
        path.write_text(json.dumps(configuration or {}))
        for name, value in {"config_path": str(path), **values}.items():
            flags.set(name, value, "command line")
        return ShellRuntime(flags)

    return make
