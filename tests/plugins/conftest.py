"""Fixtures of the plugins' tests: the surroundings a plugin is given, and the agent tests' server."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from leadline.flags import Flags


class Keys:
    """A node key that the test sets."""

    def __init__(self) -> None:
        self.value = "nk1"
        self.invalidated: list[str] = []

    def key(self) -> str:
        return self.value

    def invalid(self, key: str) -> None:
        self.invalidated.append(key)


class Pairs(dict[tuple[str, str], str]):
    """A store in memory."""

    def get(self, domain: str, key: str) -> str | None:  # type: ignore[override]
        return super().get((domain, key))

    def put(self, domain: str, key: str, value: str) -> None:
        self[domain, key] = value

    def remove(self, domain: str, key: str) -> None:
        self.pop((domain, key), None)


class Surroundings:
    """The Context of the plugin under test."""

    def __init__(self) -> None:
        self.flags = Flags()
        self.store = Pairs()
        self.keys = Keys()
        self.stopping = Event()
        self.sections: dict[str, object] = {}

    def section(self, key: str) -> object:
        return self.sections.get(key)

    def identifier(self) -> str:
        return "d23dac5e"

    def details(self) -> dict[str, dict[str, str]]:
        return {"os_version": {"_id": "12", "name": "Debian GNU/Linux"}}

    def set(self, **flags: object) -> None:
        for name, value in flags.items():
            self.flags.set(name, str(value), "command line")


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings()


def load(path: Path) -> Any:
    """A module of the tests; their folders are no packages."""
    spec = importlib.util.spec_from_file_location(f"plugin_tests_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def fleet_module() -> Any:
    return load(Path(__file__).parents[1] / "agent" / "fleet.py")


@pytest.fixture(scope="session")
def receiver_module() -> Any:
    return load(Path(__file__).with_name("receiver.py"))


@pytest.fixture
def receive(receiver_module: Any) -> Iterator[Any]:
    """Starts servers that take what is posted."""
    started = []

    def start(answer: Any, certificate: Any = None) -> Any:
        started.append(receiver_module.Receiver(answer, certificate))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def fleet(fleet_module: Any, tmp_path: Path, surroundings: Surroundings) -> Iterator[Any]:
    server = fleet_module.Fleet(tmp_path)
    server.keys.add("nk1")
    surroundings.set(tls_hostname=f"localhost:{server.port}", tls_server_certs=server.authority.path)
    yield server
    server.close()
