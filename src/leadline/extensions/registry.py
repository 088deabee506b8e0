"""Who is registered, and what each extension offers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from random import SystemRandom
from threading import Condition
from time import monotonic
from typing import Any, NamedTuple

from leadline.extensions.errors import RefusedError
from leadline.sql.engine import Attachments
from leadline.sql.schema import Table

log = logging.getLogger(__name__)

KINDS = frozenset(
    (
        "config", "config_parser", "database", "distributed", "enroll", "event_publisher", "event_subscriber", "logger",
        "numeric_monitoring", "sql", "table",
    )
)  # fmt: skip
OLDEST_SDK = (1, 7, 7)
UUIDS = 65535
MOST = 200
"""Extensions at a time: each has a thread that looks after it."""

MOST_ITEMS = 1000
"""Plugins and tables of one extension."""


class Extension(NamedTuple):
    """One extension; ``routes`` is registry → name → route, ``since`` a time of the monotonic clock."""

    uuid: int
    name: str
    version: str
    sdk_version: str
    min_sdk_version: str
    routes: Mapping[str, Mapping[str, list[dict[str, str]]]]
    since: float


def recent(sdk: str) -> bool:
    """Whether an SDK is new enough; 0.0.0 and what is no version are (osquery/core/system, versionAtLeast)."""
    parts = sdk.split(".")
    if sdk == "0.0.0" or not all(part.isascii() and part.isdigit() for part in parts):
        return True
    return tuple(int(part[:9]) for part in parts) >= OLDEST_SDK[: len(parts)]


class Registry:
    """Any thread may ask and change it.

    ``own(kind, name)`` tells whether this program has a plugin or table itself; ``declare(extension, name, route)``
    makes a table and raises RefusedError; tables of extensions go into ``attachments``, when they are ``enabled``.
    """

    def __init__(
        self,
        own: Callable[[str, str], bool],
        attachments: Attachments,
        declare: Callable[[Extension, str, list[dict[str, str]]], Table],
        enabled: Callable[[str], bool],
    ) -> None:
        self.own = own
        self.attachments = attachments
        self.declare = declare
        self.enabled = enabled
        self.changed = Condition()
        self.extensions: dict[int, Extension] = {}

    def register(self, info: Any, routes: Mapping[str, Mapping[str, list[dict[str, str]]]]) -> Extension:
        """Add an extension under a new number. Raises RefusedError with osquery's sentence."""
        name = info.name or ""
        if not name or len(name) > 200 or not name.isprintable():
            raise RefusedError("An extension needs a printable name")
        with self.changed:
            if self.named(name):
                raise RefusedError("Duplicate extension registered")
            if not recent(info.sdk_version or ""):
                raise RefusedError("Incompatible extension SDK version")
            if len(self.extensions) >= MOST:
                raise RefusedError(f"There are {MOST} extensions already")
            uuid = SystemRandom().randrange(1, UUIDS)
            while uuid in self.extensions:
                uuid = SystemRandom().randrange(1, UUIDS)
            extension = Extension(
                uuid, name, info.version or "", info.sdk_version or "", info.min_sdk_version or "", routes, monotonic()
            )
            tables = self.check(extension)
            self.extensions[uuid] = extension
            self.attachments.attach(*(table for table in tables if self.enabled(table.name)))
            self.changed.notify_all()
        return extension

    def check(self, extension: Extension) -> list[Table]:
        """Whether all that an extension offers can be taken; its tables. Raises RefusedError."""
        tables = []
        if sum(map(len, extension.routes.values())) > MOST_ITEMS:
            raise RefusedError(f"Failed adding registry: an extension has at most {MOST_ITEMS} items")
        for kind, items in extension.routes.items():
            if kind not in KINDS:
                raise RefusedError(f"Failed adding registry: Unknown registry: {kind}")
            for item, route in items.items():
                self.free(kind, item)
                if kind != "table":
                    continue
                try:
                    table = self.declare(extension, item, route)
                except RefusedError as error:
                    raise RefusedError(f"Failed adding registry: {error}") from error
                for alias in table.aliases:
                    self.free(kind, alias)
                tables.append(table)
        names = [name.lower() for table in tables for name in (table.name, *table.aliases)]
        if len(set(names)) < len(names):
            raise conflict(next(name for name in names if names.count(name) > 1))
        return tables

    def free(self, kind: str, item: str) -> None:
        """Raises RefusedError when a name is taken; SQLite does not tell table names apart by their case."""
        name = item.lower() if kind == "table" else item
        attached = kind == "table" and any(name == one.lower() for one in self.attachments.tables)
        if attached or self.own(kind, name) or self.owner(kind, item):
            raise conflict(item)

    def remove(self, uuid: int) -> Extension | None:
        """Forget an extension and its tables; None when there was none."""
        with self.changed:
            extension = self.extensions.pop(uuid, None)
            if extension is not None:
                self.attachments.detach(*extension.routes.get("table", ()))
                self.changed.notify_all()
        return extension

    def named(self, name: str) -> Extension | None:
        """The extension of a name."""
        with self.changed:
            return next((one for one in self.extensions.values() if one.name == name), None)

    def owner(self, kind: str, item: str) -> Extension | None:
        """The extension that offers a plugin or table."""
        with self.changed:
            return next((one for one in self.extensions.values() if item in one.routes.get(kind, ())), None)

    def all(self) -> list[Extension]:
        """Every extension, in the order in which they came."""
        with self.changed:
            return list(self.extensions.values())

    def items(self) -> Iterator[tuple[str, str, int]]:
        """(kind, name, uuid) of everything that is offered."""
        for extension in self.all():
            for kind, items in extension.routes.items():
                for name in items:
                    yield kind, name, extension.uuid

    def wait(self, there: Callable[[], Any], timeout: float, stopped: Callable[[], bool]) -> Any:
        """The first true value of ``there()``, looked at whenever something changes; a false one after the timeout."""
        end = monotonic() + timeout
        with self.changed:
            while not (found := there()) and not stopped() and (left := end - monotonic()) > 0:
                self.changed.wait(min(left, 0.2))
        return found


def conflict(item: str) -> RefusedError:
    """What a taken name is answered with."""
    return RefusedError(f"Failed adding registry: Registry item {item} conflicts with another item of the same name.")
