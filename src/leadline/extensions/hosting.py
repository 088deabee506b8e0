"""Runs an extension: registers it, answers the calls, and registers it again when it was forgotten."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from threading import Event
from time import monotonic
from typing import Any

import apsw

from leadline import OSQUERY_VERSION
from leadline.extensions import sockets
from leadline.extensions.authoring import Code, Plugin
from leadline.extensions.calls import Peer
from leadline.extensions.context import query_of
from leadline.extensions.errors import ExtensionError, GoneError, RefusedError
from leadline.extensions.routes import described, route
from leadline.extensions.service import Service
from leadline.extensions.stream import Limits
from leadline.extensions.structs import FAILED, Info, Response, Rows, Status
from leadline.extensions.tables import slots
from leadline.sql import values
from leadline.sql.engine import PLATFORM
from leadline.sql.errors import SQLError
from leadline.sql.schema import Table

log = logging.getLogger(__name__)

OLDEST = "1.8.0"
DEFAULT_SOCKET = "/var/osquery/osquery.em"
CALL = 10.0
"""Seconds for a call to the core: it answers what an extension asks of it at once."""

STATUSES = {apsw.SQLITE_READONLY: "readonly", apsw.SQLITE_CONSTRAINT: "constraint"}


def main(name: str, version: str, offered: Sequence[Table | Plugin], argv: Sequence[str]) -> int:
    """Run an extension with a command line; the exit code."""
    parser = argparse.ArgumentParser(description=f"{name}, an extension for osquery and Leadline")
    parser.add_argument("--socket", default=DEFAULT_SOCKET, help="socket of the program to extend")
    parser.add_argument("--timeout", type=float, default=3.0, help="seconds to wait for that program")
    parser.add_argument("--interval", type=float, default=3.0, help="seconds between two looks whether it is there")
    parser.add_argument("--verbose", action="store_true", help="say what happens")
    options = parser.parse_args(list(argv))
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.WARNING, format=f"{name}: %(levelname)s: %(message)s"
    )
    host = Host(name, version, offered, options.socket, options.timeout, max(0.2, options.interval))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: host.ending.set())
    try:
        host.run()
    except ExtensionError as error:
        log.error("%s", error)
        return 1
    return 0


class Host:
    """One extension and its connection to the core at ``path``."""

    def __init__(
        self, name: str, version: str, offered: Sequence[Table | Plugin], path: str, timeout: float, interval: float
    ) -> None:
        self.info = Info(name=name, version=version, sdk_version=OSQUERY_VERSION, min_sdk_version=OLDEST)
        self.tables = {one.name: one for one in offered if isinstance(one, Table)}
        self.plugins = {(one.kind, one.name): one for one in offered if isinstance(one, Plugin)}
        self.path = path
        self.timeout = timeout
        self.interval = interval
        self.ending = Event()
        self.uuid = 0
        self.parent = os.getppid()

    def run(self) -> None:
        """Serve until the end is asked for. Raises ExtensionError when the core is not there or refuses.

        An extension that outlives the program that started it ends when it is no longer known: that program's
        successor starts one of its own.
        """
        while not self.ending.is_set() and os.getppid() == self.parent:
            self.uuid = self.core().register(self.info, self.routes())
            log.info("Registered at %s as %d", self.path, self.uuid)
            own = f"{self.path}.{self.uuid}"
            sockets.clear(own)
            service = Service(
                own, {"ping": self.ping, "call": self.call, "shutdown": self.ending.set}, lambda: Limits()
            )
            service.start()
            try:
                while not self.ending.wait(self.interval) and self.known():
                    pass
            finally:
                service.stop()
        self.leave()

    def core(self) -> Peer:
        """Calls to the core, which may be about to start."""
        return Peer(self.path, CALL, monotonic() + self.timeout)

    def known(self) -> bool:
        """Whether the core still knows this extension; False as well when it is not there."""
        try:
            return self.uuid in self.core().extensions()
        except GoneError as error:
            log.info("The core has gone away: %s", error)
        except ExtensionError as error:
            log.warning("Cannot ask the core: %s", error)
            return True
        return False

    def leave(self) -> None:
        """Deregister, if there is somebody to tell."""
        try:
            Peer(self.path, 1.0).deregister(self.uuid)
        except ExtensionError:
            pass

    def routes(self) -> dict[str, dict[str, Rows]]:
        """What is offered."""
        found: dict[str, dict[str, Rows]] = {}
        for name, table in self.tables.items():
            found.setdefault("table", {})[name] = route(table)
        for kind, name in self.plugins:
            found.setdefault(kind, {})[name] = []
        return found

    def ping(self) -> Status:
        """Here."""
        return Status(code=0, message="pong", uuid=self.uuid)

    def call(self, registry: str | None, item: str | None, request: Mapping[str, str] | None) -> Response:
        """Answer a request to a table or plugin; what it raises becomes the message of the answer."""
        asked = request or {}
        code, message = 0, "OK"
        rows: Rows = []
        try:
            if registry == "table" and item in self.tables:
                rows = answer(self.tables[item], asked)
            elif (registry or "", item or "") in self.plugins:
                rows = self.plugins[registry or "", item or ""].answer(asked)
            else:
                raise RefusedError(f"This extension offers no {registry} {item}")
        except Code as number:
            code = number.code
        except Exception as error:
            if not isinstance(error, ExtensionError):
                log.exception("The %s %s failed", registry, item)
            code, message, rows = FAILED, f"{type(error).__name__}: {error}", []
        return Response(status=Status(code=code, message=message, uuid=self.uuid), response=rows)


def answer(table: Table, request: Mapping[str, str]) -> Rows:
    """The answer of a table to one request."""
    action = request.get("action", "")
    if action == "columns":
        return route(table)
    if action == "generate":
        return list(generated(table, request.get("context", "")))
    if action in ("insert", "update", "delete"):
        try:
            return [{"status": "success", **written(table, action, request)}]
        except SQLError as error:
            return [{"status": STATUSES.get(error.code, "failure"), "message": error.message}]
    raise RefusedError(f"Unknown table plugin action: {action}")


def generated(table: Table, context: str) -> Iterator[dict[str, str]]:
    """The rows of a scan as text, without what is NULL."""
    query = query_of(table, context)
    numbered = "extension" in table.attributes
    names = [column.name for column in table.columns]
    for row in table.generators[PLATFORM](query):
        cells = {name: values.text(value) for name, value in zip(names, row, strict=False) if value is not None}
        if numbered and len(row) > len(names) and row[-1] is not None:
            cells["rowid"] = values.text(row[-1])
        yield cells


def written(table: Table, action: str, request: Mapping[str, str]) -> dict[str, str]:
    """Change rows. Raises SQLError."""
    writer = table.writer
    if writer is None:
        raise SQLError(f"table {table.name} may not be modified", apsw.SQLITE_READONLY)
    if action == "delete":
        writer.delete(int(request["id"]))
        return {}
    cells = ordered(table, json.loads(request["json_value_array"]))
    if action == "update":
        writer.update(int(request["id"]), int(request.get("new_id") or request["id"]), cells)
        return {}
    given = int(request["id"]) if request.get("auto_rowid") == "true" else None
    return {"id": str(writer.insert(given, cells))}


def ordered(table: Table, given: Sequence[Any]) -> list[Any]:
    """Written values in the order of the declared columns, each alias behind its column. Raises SQLError."""
    places = slots(described(table.name, route(table), default_index=False))
    if len(given) != len(places):
        raise SQLError(f"{len(given)} values for the {len(places)} columns of {table.name}", apsw.SQLITE_RANGE)
    cells = [None] * len(places)
    for slot, value in zip(places, given, strict=True):
        cells[slot.position] = value
    return cells
