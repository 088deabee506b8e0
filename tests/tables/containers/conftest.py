"""Daemons that answer HTTP over UNIX sockets, and asking tables about them."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from leadline.catalogue.index import ALIASES, TABLES
from leadline.sql.engine import Engine

CAPTURES = Path(__file__).parents[2] / "captures"

Answering = Callable[[str], tuple[int, Any]]


class Daemon:
    """A daemon at ``path``; ``requests`` are what it was asked for. Answers are a status and a document or bytes."""

    def __init__(self, path: Path, answering: Answering) -> None:
        self.path = str(path)
        self.requests: list[str] = []
        self.ended = threading.Event()
        daemon = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                daemon.requests.append(self.path)
                status, document = answering(self.path)
                if document is ...:  # hang
                    daemon.ended.wait(20)
                    self.close_connection = True
                    return
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with suppress(BrokenPipeError):  # they had enough
                    self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingUnixStreamServer(self.path, Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def end(self) -> None:
        self.ended.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture(scope="session")
def short() -> Iterator[Callable[[], Path]]:
    """New directories with names that are short enough for the path of a socket, unix(7)."""
    made: list[str] = []

    def make() -> Path:
        made.append(tempfile.mkdtemp(prefix="ll"))
        return Path(made[-1])

    yield make
    for one in made:
        shutil.rmtree(one, ignore_errors=True)


@pytest.fixture(scope="session")
def listening(short: Callable[[], Path]) -> Iterator[Callable[..., Daemon]]:
    """``listening(answering, path=None)``: a daemon that answers so."""
    running: list[Daemon] = []

    def listen(answering: Answering, path: Path | None = None) -> Daemon:
        running.append(Daemon(path or short() / "socket", answering))
        return running[-1]

    yield listen
    for one in running:
        one.end()


@pytest.fixture
def told(program: Callable[..., Any]) -> Callable[..., tuple[list[dict[str, Any]], list[str]]]:
    """``told(sql, **flags)``: the rows, and what the tables warned of. A table that fails is an error."""

    def ask(sql: str, root: str = "", **flags: str) -> tuple[list[dict[str, Any]], list[str]]:
        warnings: list[str] = []
        engine = Engine(
            tables=TABLES,
            aliases=ALIASES,
            root=root,
            runtime=program(**flags),
            warn=lambda table, message: warnings.append(message),
            strict=True,
        )
        with engine:
            result = engine.query(sql)
            rows = [dict(zip(result.columns, row, strict=True)) for row in result]
        return rows, warnings

    return ask


def read(name: str) -> Any:
    return json.loads((CAPTURES / f"{name}.json").read_text())


@pytest.fixture(scope="session", name="read")
def reading() -> Callable[[str], Any]:
    """``read("docker/info")``: what is in a file of tests/captures."""
    return read


def captured(target: str) -> tuple[int, Any]:
    """What the daemon of the captures, a dockerd 20.10, says: as it decides between running, stopped and unknown."""
    path, query = unquote(urlsplit(target).path), parse_qs(urlsplit(target).query)
    containers, images = read("docker/containers"), read("docker/images")
    match path.strip("/").split("/"):
        case [("version" | "info" | "networks" | "volumes") as what]:
            return 200, read(f"docker/{what}")
        case ["containers", "json"]:
            return 200, _filtered(containers, query)
        case ["containers", name, what]:
            found = [one for one in containers if one["Id"].startswith(name) or one["Names"] == [f"/{name}"]]
            return _container(found[0], what, query) if found else (404, read("docker/missing"))
        case ["images", "json"]:
            return 200, images
        case ["images", name, what]:
            found = [one for one in images if one["Id"].removeprefix("sha256:").startswith(name)]
            if not found:
                return 404, {"message": f"No such image: {name}"}
            file = found[0]["RepoTags"][0].replace("/", "").replace(":", "")
            return 200, read(f"docker/{'image' if what == 'json' else what}_{file}")
    return 404, {"message": "page not found"}


def _filtered(containers: list[Any], query: dict[str, list[str]]) -> list[Any]:
    ids = json.loads(query.get("filters", ["{}"])[0]).get("id")
    return [
        one
        for one in containers
        if ("all" in query or one["State"] == "running") and (not ids or one["Id"].startswith(tuple(ids)))
    ]


def _container(container: Any, what: str, query: dict[str, list[str]]) -> tuple[int, Any]:
    name = container["Names"][0][1:]
    if what == "top" and container["State"] != "running":
        return 409, read("docker/top_moored")
    if what == "top":
        assert query["ps_args"][0].startswith("axwwo pid,state,uid,")
    return 200, read(f"docker/{'container' if what == 'json' else what}_{name}")


@pytest.fixture(scope="session")
def dockerd(listening: Callable[..., Daemon]) -> Daemon:
    """The daemon of the captures."""
    return listening(captured)


@pytest.fixture
def docker(dockerd: Daemon, told: Callable[..., Any]) -> Callable[[str], list[dict[str, Any]]]:
    """``docker(sql)``: the rows of a statement asked of the daemon of the captures, which gives no reason to warn."""

    def ask(sql: str) -> list[dict[str, Any]]:
        dockerd.requests.clear()
        rows, warnings = told(sql, docker_socket=dockerd.path)
        assert not warnings
        return rows

    return ask
