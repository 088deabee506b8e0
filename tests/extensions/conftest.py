"""Programs with extension sockets, and extensions of both kinds, as processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import osquery
import pytest

from leadline.catalogue.index import TABLES
from leadline.extensions.calls import Peer
from leadline.extensions.loading import own
from leadline.extensions.manager import Manager
from leadline.flags import Flags
from leadline.sql.engine import Attachments, Engine

LAUNCHER = f"#!{sys.executable}\nfrom leadline.__main__ import leave\nleave()\n"


def until(condition: Callable[[], Any], timeout: float = 40.0, note: Callable[[], str] = str) -> Any:
    """The first true value of the condition."""
    end = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < end, note()
        time.sleep(0.02)
    return value


class Daemon:
    """``leadline agent`` under the name osqueryd."""

    def __init__(self, directory: Path, *flags: str) -> None:
        self.directory = directory
        self.socket = str(directory / "em")
        self.errors = directory / "stderr"
        configuration = directory / "osquery.conf"
        if not configuration.exists():
            configuration.write_text("{}")
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [
                    launcher(directory), f"--database_path={directory}/db", f"--logger_path={directory}/log",
                    f"--pidfile={directory}/pid", f"--config_path={configuration}", "--extensions_interval=1",
                    f"--extensions_socket={self.socket}", "--extensions_autoload=", "--logger_min_stderr=0",
                    "--disable_watchdog", *flags,
                ],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            )  # fmt: skip
        self.peer = Peer(self.socket, 20.0, time.monotonic() + 15.0)

    def said(self) -> str:
        return self.errors.read_text(errors="replace")

    def query(self, sql: str) -> list[dict[str, str]]:
        return self.peer.query(sql)

    def until(self, condition: Callable[[], Any], timeout: float = 40.0) -> Any:
        assert self.process.poll() is None, self.said()
        return until(condition, timeout, self.said)

    def registered(self, name: str) -> int:
        """The number of an extension, once it is registered."""
        found: int = self.until(
            lambda: next((uuid for uuid, info in self.peer.extensions().items() if info.name == name), 0)
        )
        return found

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


def launcher(directory: Path) -> str:
    """A program of the name that osquery's test tools want."""
    path = directory / "osqueryd"
    if not path.exists():
        path.write_text(LAUNCHER)
        path.chmod(0o755)
    return str(path)


@pytest.fixture
def osqueryd(tmp_path: Path) -> str:
    """The path of the agent under osqueryd's name."""
    return launcher(tmp_path)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    started: list[Daemon] = []

    def start(*flags: str) -> Daemon:
        started.append(Daemon(tmp_path, *flags))
        return started[-1]

    yield start
    for one in started:
        print(one.said())  # shown beside a failure
        if one.process.poll() is None:
            one.process.terminate()
            try:
                one.process.wait(10)
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Path]:
    """Writes a Python program that can be executed."""

    def write(name: str, source: str) -> Path:
        path = tmp_path / name
        path.write_text(f"#!{sys.executable}\n{source}")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def extension(program: Callable[..., Path], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a program as an extension of a socket."""
    started: list[subprocess.Popen[bytes]] = []

    def start(
        source: str, socket: str, *flags: str, name: str = "one.ext", interval: int = 1
    ) -> subprocess.Popen[bytes]:
        path = program(name, source)
        with (tmp_path / f"{name}.stderr").open("ab") as errors:
            started.append(
                subprocess.Popen(
                    [path, "--socket", socket, "--timeout", "10", "--interval", str(interval), *flags],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env=os.environ,
                )
            )  # fmt: skip
        return started[-1]

    yield start
    for one in started:
        if one.poll() is None:
            one.kill()
            one.wait()


@pytest.fixture
def short(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A directory with a short path, for sockets."""
    path = Path(f"/tmp/leadline-{os.getpid()}-{abs(hash(request.node.name)) % 10_000_000}")
    path.mkdir(mode=0o700)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def client() -> Iterator[Callable[[str], Any]]:
    """The real package's client of a socket."""
    opened: list[Any] = []

    def connect(path: str) -> Any:
        opened.append(osquery.ExtensionClient(path=path))
        assert opened[-1].open(timeout=5)
        return opened[-1].extension_manager_client()

    yield connect
    for one in opened:
        one.close()


class Core:
    """A manager in this process, with engines that have the operating system's tables and those of extensions."""

    def __init__(self, directory: Path, **flags: str) -> None:
        self.flags = Flags()
        for name, value in {"extensions_interval": "1", "extensions_timeout": "5", **flags}.items():
            self.flags.set(name, value, "program")
        self.attachments = Attachments()
        self.manager = Manager(str(directory / "em"), self.flags, self.attachments, self.engine, own)
        self.manager.start()
        self.path = self.manager.path
        self.peer = Peer(self.path, 20.0)

    def engine(self) -> Engine:
        return Engine(tables=TABLES, attachments=self.attachments)

    def query(self, sql: str) -> list[dict[str, str]]:
        return self.peer.query(sql)

    def registered(self, *names: str) -> None:
        until(lambda: all(map(self.manager.registry.named, names)))


@pytest.fixture
def core(short: Path) -> Iterator[Callable[..., Core]]:
    started: list[Core] = []

    def start(**flags: str) -> Core:
        started.append(Core(short, **flags))
        return started[-1]

    yield start
    for one in started:
        one.manager.stop()
