"""Fixtures of the agent's tests: a server and daemons."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def load(name: str) -> ModuleType:
    """A module beside this file; the tests' folders are no packages."""
    spec = importlib.util.spec_from_file_location(f"agent_tests_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Any]:
    server = load("fleet").Fleet(tmp_path)
    yield server
    server.close()


class Daemon:
    """``leadline agent`` as a process of its own, with everything it writes under one directory.

    One process, which ``process`` is, unless ``--nodisable_watchdog`` is among the flags.
    """

    def __init__(self, directory: Path, *flags: str, environment: dict[str, str] | None = None) -> None:
        self.directory = directory
        self.errors = directory / "stderr"
        self.output = directory / "stdout"
        with self.errors.open("ab") as errors, self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "leadline", "agent",
                    f"--database_path={directory}/db", f"--logger_path={directory}/log",
                    f"--pidfile={directory}/pid", f"--config_path={directory}/osquery.conf",
                    f"--extensions_socket={directory}/em", "--extensions_autoload=", "--disable_watchdog",
                    *flags,
                ],
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env={**os.environ, **(environment or {})},
            )  # fmt: skip

    def results(self) -> list[str]:
        """The lines of the results log, whole ones."""
        path = self.directory / "log" / "osqueryd.results.log"
        return path.read_text().splitlines() if path.exists() else []

    def complaints(self) -> str:
        """What came on standard error."""
        return self.errors.read_text()

    def until(self, condition: Callable[[], Any], timeout: float = 40.0) -> Any:
        """The first true value of the condition."""
        end = time.monotonic() + timeout
        while not (value := condition()):
            assert time.monotonic() < end, self.complaints()
            assert self.process.poll() is None, self.complaints()
            time.sleep(0.02)
        return value

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    started: list[Daemon] = []

    def start(*flags: str, environment: dict[str, str] | None = None) -> Daemon:
        started.append(Daemon(tmp_path, *flags, environment=environment))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
