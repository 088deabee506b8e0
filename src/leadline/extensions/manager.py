"""The manager: serves the socket that extensions register at, looks after them, and asks them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Event, Thread
from time import monotonic
from typing import Any, Protocol

from leadline import OSQUERY_VERSION
from leadline.catalogue.selection import enabled
from leadline.extensions import sockets
from leadline.extensions.engines import Engines
from leadline.extensions.errors import ExtensionError, RefusedError
from leadline.extensions.registry import Extension, Registry
from leadline.extensions.service import Service
from leadline.flags import Flags
from leadline.sql.engine import Attachments, Engine
from leadline.sql.errors import SQLError
from leadline.sql.schema import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadline.extensions.calls import Peer
    from leadline.extensions.stream import Limits
    from leadline.extensions.structs import Info, Option, Response, Status

log = logging.getLogger(__name__)

Rows = list[dict[str, str]]
Reply = tuple[int, str, Rows]
LEAST = 0.2
"""Seconds between two looks at an extension, whatever the flag says (osquery's constant)."""

GRACE = 2.0
"""Seconds that a new extension has at least to open its socket."""

PROBE = 2.0
"""Seconds that the extension of a name has to answer, before another one may take the name."""


class Core(Protocol):
    """The program's own plugins, as extensions may ask them."""

    def call(self, kind: str, item: str, request: Mapping[str, str]) -> Reply:
        """Code, message and rows."""


class Manager:
    """The extensions of one program."""

    def __init__(
        self,
        path: str,
        flags: Flags,
        attachments: Attachments,
        open_engine: Callable[[], Engine],
        own: Callable[[str, str], bool],
        core: Core | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """``own(kind, name)`` tells whether the program has a plugin or table of the name itself, ``stopped`` that it
        is about to end, when nothing is waited for any more."""
        self.path = path
        self.flags = flags
        self.engines = Engines(open_engine)
        self.registry = Registry(own, attachments, self.declare, lambda name: enabled(flags, name))
        self.core = core
        self.service: Service | None = None
        self.stopping = Event()
        self.stopped = stopped

    @property
    def serving(self) -> bool:
        """Whether extensions can come."""
        return self.service is not None

    def start(self) -> None:
        """Serve the socket. Raises ExtensionError with a sentence."""
        try:
            os.makedirs(os.path.dirname(self.path) or ".", mode=0o700, exist_ok=True)
        except OSError as error:
            raise ExtensionError(f"Cannot make the directory of {self.path}: {error.strerror}") from error
        answers: dict[str, Callable[..., Any]] = {
            "ping": self.ping, "call": self.called, "shutdown": lambda: None, "extensions": self.extensions,
            "options": self.options, "registerExtension": self.register, "deregisterExtension": self.deregister,
            "query": self.query, "getQueryColumns": self.columns,
        }  # fmt: skip
        self.service = Service(self.path, answers, self.limits)
        sockets.clear_extensions(self.path)
        self.service.start()

    def stop(self) -> None:
        """Ask the extensions to end, and stop serving."""
        self.stopping.set()
        extensions = self.registry.all()
        for extension in extensions:
            self.registry.remove(extension.uuid)
        asked = [Thread(target=self.end, args=(one,), name="extension end", daemon=True) for one in extensions]
        for thread in asked:
            thread.start()
        for thread in asked:
            thread.join(2.5)
        self.engines.close()
        if self.service is not None:
            self.service.stop()
            self.service = None

    def end(self, extension: Extension) -> None:
        """Ask one extension to end; its socket is removed, as one that is killed leaves it."""
        try:
            self.peer(extension, timeout=2.0).shutdown()
        except ExtensionError as error:
            log.debug("The extension %s did not take the request to end: %s", extension.name, error)
        sockets.remove(self.socket_of(extension.uuid))

    def socket_of(self, uuid: int) -> str:
        """The path that an extension listens at."""
        return f"{self.path}.{uuid}"

    def timeout(self) -> float:
        """Seconds that the program waits for extensions it needs."""
        return seconds(self.flags.text("extensions_timeout"), 3.0)

    def limits(self) -> Limits:
        """What is read of a message."""
        from leadline.extensions.stream import Limits

        string = self.flags.number("thrift_string_size_limit")
        usual = Limits()
        return usual._replace(string=string, message=max(usual.message, string)) if string > 0 else usual

    def peer(self, extension: Extension, timeout: float | None = None) -> Peer:
        """Calls to an extension, which is given a moment to open its socket."""
        from leadline.extensions.calls import Peer

        until = extension.since + max(self.timeout(), GRACE)
        limit = float(self.flags.number("thrift_timeout") or 300) if timeout is None else timeout
        return Peer(self.socket_of(extension.uuid), limit, until, self.limits())

    def ask(
        self,
        kind: str,
        item: str,
        request: dict[str, str],
        cancelled: Callable[[], bool] = lambda: False,
        extension: Extension | None = None,
    ) -> Reply:
        """Send a request to the extension that offers a plugin. Raises ExtensionError."""
        owner = extension or self.registry.owner(kind, item)
        if owner is None:
            raise RefusedError(f"No extension offers the {kind} {item}")
        try:
            return self.peer(owner).call(kind, item, request, cancelled=cancelled)
        except ExtensionError as error:
            raise type(error)(f"{error} (extension {owner.name})") from error

    def declare(self, extension: Extension, name: str, route: Rows) -> Table:
        """A table of an extension."""
        from leadline.extensions.tables import declare

        def ask(request: dict[str, str], cancelled: Callable[[], bool]) -> Reply:
            return self.ask("table", name, request, cancelled, extension)

        return declare(name, route, ask, default_index=self.flags.on("extensions_default_index"), owner=extension.name)

    def register(self, info: Info | None, registry: Mapping[str, Any] | None) -> Status:
        """A new extension."""
        from leadline.extensions.structs import FAILED, Status

        if info is None:
            return Status(code=FAILED, message="An extension needs a printable name")
        before = self.registry.named(info.name or "")
        if before is not None:
            self.look(before, PROBE)  # one that was started again is quicker than the thread that looks after it
        try:
            extension = self.registry.register(info, registry or {})
        except RefusedError as error:
            log.error("Could not add extension %.200r: %s", info.name, error)
            return Status(code=FAILED, message=str(error))
        log.info(
            "Registering extension (%s, %d, version=%s, sdk=%s)",
            extension.name, extension.uuid, extension.version, extension.sdk_version,
        )  # fmt: skip
        Thread(target=self.watch, args=(extension,), name=f"extension {extension.name}", daemon=True).start()
        return Status(code=0, message="OK", uuid=extension.uuid)

    def watch(self, extension: Extension) -> None:
        """Look after one extension until it has gone away."""
        interval = max(LEAST, seconds(self.flags.text("extensions_interval"), 3.0))
        while not self.stopping.wait(interval) and extension.uuid in self.registry.extensions:
            self.look(extension)

    def look(self, extension: Extension, timeout: float | None = None) -> None:
        """Ping an extension; it is forgotten when it does not answer. A slow call delays the answer of those that
        serve one connection at a time, so they have as long as a call has."""
        try:
            self.peer(extension, timeout).ping()
        except ExtensionError as error:
            if self.stopping.is_set() or self.registry.remove(extension.uuid) is None:
                return
            log.info("Extension UUID %d (%s) has gone away: %s", extension.uuid, extension.name, error)
            sockets.remove(self.socket_of(extension.uuid))

    def deregister(self, uuid: int | None) -> Status:
        """An extension leaves."""
        from leadline.extensions.structs import FAILED, Status

        extension = self.registry.remove(uuid or 0)
        if extension is None:
            return Status(code=FAILED, message="No extension UUID found")
        log.info("Extension UUID %d (%s) has deregistered", extension.uuid, extension.name)
        return Status(code=0, message="OK", uuid=0)

    def ping(self) -> Status:
        """Here."""
        from leadline.extensions.structs import Status

        return Status(code=0, message="pong", uuid=0)

    def extensions(self) -> dict[int, Info]:
        """Who is registered."""
        from leadline.extensions.structs import Info

        return {
            one.uuid: Info(
                name=one.name, version=one.version, sdk_version=one.sdk_version, min_sdk_version=one.min_sdk_version
            )
            for one in self.registry.all()
        }

    def options(self) -> dict[str, Option]:
        """The flags."""
        from leadline.extensions.structs import Option

        return {
            name: Option(value=value, default_value=default, type=kind)
            for name, kind, _, default, value, _ in self.flags.rows()
        }

    def query(self, sql: str | None) -> Response:
        """The rows of a statement."""
        return self.answered(lambda: self.engines.query(sql or "", self.flags.text("nullvalue")))

    def columns(self, sql: str | None) -> Response:
        """One map for each column of a statement's result."""
        return self.answered(lambda: [{name: kind} for name, kind in self.engines.columns(sql or "")])

    def answered(self, action: Callable[[], Rows]) -> Response:
        """Rows, or the message of an SQL error."""
        from leadline.extensions.structs import FAILED, Response, Status

        try:
            rows = action()
        except SQLError as error:
            return Response(status=Status(code=FAILED, message=error.message), response=[])
        except RefusedError as error:
            return Response(status=Status(code=FAILED, message=str(error)), response=[])
        return Response(status=Status(code=0, message="OK", uuid=0), response=rows)

    def called(self, registry: str | None, item: str | None, request: Mapping[str, str] | None) -> Response:
        """An extension asks a plugin of the program, or through it one of another extension."""
        from leadline.extensions.structs import FAILED, Response, Status

        kind, name = registry or "", item or ""
        try:
            if self.registry.owner(kind, name):
                code, message, rows = self.ask(kind, name, dict(request or {}))
            elif self.core is not None:
                code, message, rows = self.core.call(kind, name, request or {})
            else:
                code, message, rows = FAILED, f"Unknown registry: {kind}", []
        except ExtensionError as error:
            code, message, rows = FAILED, str(error), []
        return Response(status=Status(code=code, message=message, uuid=0), response=rows)

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of the named extensions that are not there ``extensions_timeout`` seconds later."""
        end = monotonic() + self.timeout()
        left = list(names)
        while left and self.registry.wait(lambda: self.registry.named(left[0]), end - monotonic(), self.stopped):
            left.pop(0)
        return [name for name in left if not self.registry.named(name)]

    def items(self) -> Iterator[tuple[str, str, int]]:
        """(registry, name, uuid) of everything that extensions offer."""
        return self.registry.items()

    def rows(self) -> Iterator[tuple[int, str, str, str, str, str]]:
        """Rows of osquery_extensions: the program itself and its extensions."""
        yield 0, "core", OSQUERY_VERSION, "0.0.0", self.path, "core"
        for one in self.registry.all():
            yield one.uuid, one.name, one.version, one.sdk_version, self.socket_of(one.uuid), "extension"


def seconds(text: str, otherwise: float) -> float:
    """A flag of seconds that is declared as text."""
    try:
        return max(0.0, float(text))
    except ValueError:
        return otherwise
