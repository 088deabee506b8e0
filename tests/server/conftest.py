"""What tests of the server share: throw-away databases on both systems, and the real server as a process."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from leadline.server import setup

POSTGRES_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def postgres_program(name: str) -> str:
    """Where PostgreSQL's programs are; Debian keeps the server's out of PATH."""
    for place in POSTGRES_PLACES:
        if (place / name).exists():
            return str(place / name)
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"PostgreSQL's {name} is not installed: apt-get install postgresql, or 'make test'")
    return found


class Postgres:
    """A cluster of its own in a directory of its own; never anybody else's."""

    def __init__(self) -> None:
        self.directory = tempfile.mkdtemp(prefix="leadline-pg-")
        # The server refuses to run as root.
        self.user: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")
            self.user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        data = os.path.join(self.directory, "data")
        self._run("initdb", "-D", data, "-U", "leadline", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        quick = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
        options = f"-k {self.directory} -c listen_addresses='' -c shared_buffers=32MB {quick}"
        self._run("pg_ctl", "-D", data, "-o", options, "-l", os.path.join(self.directory, "log"), "-w", "start")
        self._data = data

    def _run(self, program: str, *arguments: str) -> None:
        command = [postgres_program(program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.directory, check=False, **self.user)
        assert done.returncode == 0, done.stderr + done.stdout

    def create(self) -> str:
        """A new, empty database; returns its URL."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self._run("createdb", "-h", self.directory, "-U", "leadline", name)
        return f"postgresql://leadline@/{name}?host={self.directory}"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.directory)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    cluster = Postgres()
    yield cluster
    cluster.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database; every test that uses it runs on both systems."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    url: str = request.getfixturevalue("postgres").create()
    return url


class ServerProcess:
    """The real server: ``leadline server`` with a data directory, over TLS."""

    def __init__(self, data: str, database: str = "") -> None:
        self.data = data
        self.database = database
        self.ready = setup.prepare(data, database=database)
        self.context = ssl.create_default_context(cafile=self.ready.ca)
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "leadline", "server", "--data", self.data, "--listen", "127.0.0.1:0"]
        if self.database:
            command += ["--database", self.database]
        self.stderr = open(os.path.join(self.data, "stderr.log"), "ab")  # noqa: SIM115
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.stderr)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log
        self.url: str = json.loads(line)["url"]

    @property
    def log(self) -> str:
        return Path(self.data, "stderr.log").read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.stderr.close()
        return code

    def restart(self, number: int = signal.SIGTERM) -> None:
        self.end(number)
        self.start()

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, verify=self.context, timeout=40, **options)

    def api(self) -> httpx.Client:
        """A client with an administrator's token."""
        token = setup.mint_token(self.data, database=self.database)
        return self.client(headers={"Authorization": f"Bearer {token}"})


class Agent:
    """Sends what osqueryd sends (observed bodies), header and all."""

    def __init__(self, server: ServerProcess, identifier: str = "", *, base: str = "/api/osquery") -> None:
        self.server = server
        self.identifier = identifier or str(uuid.uuid4())
        self.base = base
        self.http = server.client(headers={"User-Agent": "osquery/5.23.0", "Accept": "application/json"})
        self.key = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def post(self, path: str, body: Any, *, packed: bool = False, **headers: str) -> httpx.Response:
        data = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
        sent = {
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        if packed:
            data, sent["Content-Encoding"] = gzip.compress(data), "gzip"
        return self.http.post(f"{self.base}/{path}", content=data, headers=sent)

    def enroll_body(self, secret: str | None = None) -> dict[str, Any]:
        return {
            "enroll_secret": self.server.ready.enroll_secret if secret is None else secret,
            "host_identifier": self.identifier,
            "platform_type": "9",
            "host_details": {
                "os_version": {
                    "_id": "12", "arch": "x86_64", "codename": "bookworm", "major": "12", "minor": "0",
                    "name": "Debian GNU/Linux", "patch": "0", "pid_with_namespace": "0", "platform": "debian",
                    "version": "12 (bookworm)",
                },
                "osquery_info": {
                    "build_distro": "debian12", "build_platform": "linux", "instance_id": f"i-{self.identifier}",
                    "uuid": f"u-{self.identifier}", "version": "5.23.0",
                },
                "system_info": {
                    "hostname": f"host-{self.identifier[:8]}", "uuid": f"u-{self.identifier}", "cpu_brand": "A CPU",
                    "cpu_logical_cores": "4", "cpu_physical_cores": "2", "hardware_serial": f"s-{self.identifier[:8]}",
                    "physical_memory": "8589934592",
                },
                "platform_info": {},
            },
        }  # fmt: skip

    def enroll(self) -> Agent:
        reply = self.post("enroll", self.enroll_body())
        assert reply.status_code == 200, reply.text
        self.key = reply.json()["node_key"]
        return self

    def read(self, **headers: str) -> dict[str, Any]:
        reply = self.post("distributed/read", {"node_key": self.key}, **headers)
        assert reply.status_code == 200, reply.text
        answer: dict[str, Any] = reply.json()
        return answer

    def write(self, **members: Any) -> httpx.Response:
        return self.post("distributed/write", {**members, "node_key": self.key})

    def settle(self) -> Agent:
        """Take the detail queries, so that later reads are only about live queries."""
        names = [name for name in self.read()["queries"] if "detail" in name]
        self.write(queries={name: [] for name in names}, statuses=dict.fromkeys(names, 0))
        return self


def host_id(api: httpx.Client, agent: Agent) -> int:
    """The id under which the server knows an agent."""
    found = api.get(f"/api/v1/fleet/hosts/identifier/{agent.identifier}")
    assert found.status_code == 200, found.text
    number: int = found.json()["host"]["id"]
    return number


def eventually(check: Any, seconds: float = 10) -> Any:
    """The first true value of ``check()`` within some seconds."""
    until = time.monotonic() + seconds
    while not (value := check()):
        assert time.monotonic() < until, "did not come true in time"
        time.sleep(0.05)
    return value


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server for one module of tests, on each database."""
    database = "" if request.param == "sqlite" else request.getfixturevalue("postgres").create()
    process = ServerProcess(str(tmp_path_factory.mktemp("server")), database)
    yield process
    assert process.end() == 0, process.log


@pytest.fixture(scope="module")
def api(server: ServerProcess) -> Iterator[httpx.Client]:
    with server.api() as client:
        yield client


@pytest.fixture
def agent(server: ServerProcess) -> Iterator[Agent]:
    """An enrolled host that has nothing to do."""
    with Agent(server) as host:
        yield host.enroll().settle()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server for one test that stops, breaks or restarts it."""
    process = ServerProcess(str(tmp_path / "data"))
    yield process
    if process.process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.end()


@pytest.fixture
def kit() -> Any:
    """The classes above, for tests that make several (test modules cannot import a conftest)."""

    class Kit:
        agent = Agent
        server = ServerProcess
        eventually = staticmethod(eventually)
        host_id = staticmethod(host_id)

    return Kit
