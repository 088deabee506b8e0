"""What the agent tells the osquery_* tables about itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import time
from typing import Protocol

from leadline import OSQUERY_VERSION
from leadline.agent.carving.records import Records
from leadline.agent.configuration import EMPTY, Configuration, whole
from leadline.agent.discovery import Discovery
from leadline.agent.identity import Identity
from leadline.flags import Flags
from leadline.plugins.kinds import PLUGINS
from leadline.sql.engine import Attachments
from leadline.sql.schema import Row


class Extended(Protocol):
    """What the extension manager tells."""

    def rows(self) -> Iterable[Row]:
        """Rows of osquery_extensions."""

    def items(self) -> Iterable[tuple[str, str, int]]:
        """(registry, name, uuid) of what extensions offer."""


class AgentRuntime:
    """Implements leadline.tables.osquery.runtime.Runtime; ``configuration`` and ``valid`` follow the last load."""

    def __init__(self, flags: Flags, identity: Identity, clock: Callable[[], float] = time) -> None:
        self.own_flags = flags
        self.identity = identity
        self.configuration: Configuration = EMPTY
        self.valid = False
        self.started = int(clock())
        self.attachments = Attachments()
        """Tables of extensions and others that come and go; every engine of the agent has them."""
        self.extended: Extended | None = None
        """The extension manager, while it serves."""
        self.discovery: Discovery | None = None
        """Which packs are for this machine; the configurator puts its own in."""
        self.carving: Records | None = None
        """The carves that were asked for, once there is a state to keep them."""
        self.schedule: Callable[[], Iterable[Row]] = lambda: ()
        """Rows of osquery_schedule; the scheduler puts its own in."""

    def info(self) -> Mapping[str, object]:
        """Values for the columns of osquery_info."""
        return {
            "pid": os.getpid(),
            "uuid": self.identity.uuid,
            "instance_id": self.identity.instance,
            "version": OSQUERY_VERSION,
            "config_hash": self.configuration.hash if self.valid else "",
            "config_valid": int(self.valid),
            "start_time": self.started,
            "extensions": "active" if self.extended is not None else "inactive",
        }

    def flag(self, name: str) -> str:
        """The value of one flag, as text."""
        return self.own_flags.text(name)

    def section(self, key: str) -> object:
        """What the configuration holds under a key: objects of several sources as one, else the last source's."""
        return self.configuration.section(key)

    def flags(self) -> Iterator[Row]:
        """(name, type, description, default, value, shell_only, origin) of every flag."""
        return self.own_flags.listed()

    def registry(self) -> Iterator[tuple[str, str, int, int, int]]:
        """(registry, name, owner_uuid, internal, active) of every plugin and table."""
        from leadline.catalogue.selection import selected

        active = {
            "config": {self.own_flags.text("config_plugin")},
            "logger": set(self.own_flags.text("logger_plugin").split(",")),
            "distributed": {self.own_flags.text("distributed_plugin")},
            "carver": set() if self.own_flags.on("disable_carver") else {self.own_flags.text("carver_plugin")},
            "enroll": {"tls"} if self.own_flags.text("enroll_tls_endpoint") else set(),
        }
        for kind, plugins in PLUGINS.items():
            for name in sorted(plugins):
                yield kind, name, 0, 0, int(name in active[kind])
        yield "sql", "sql", 0, 0, 1
        for name in selected(self.own_flags)[0]:
            yield "table", name, 0, 0, 1
        offered = list(self.extended.items()) if self.extended is not None else []
        theirs = {name for kind, name, _ in offered if kind == "table"}
        for name, table in self.attachments.tables.items():
            if name == table.name and name not in theirs:
                yield "table", name, 0, 0, 1
        for kind, name, uuid in offered:
            in_use = name in self.attachments.tables if kind == "table" else name in active.get(kind, ())
            yield kind, name, uuid, 0, int(in_use)

    def packs(self) -> Iterator[Row]:
        """Rows of osquery_packs; queries that are in no pack are osquery's pack ``main``."""
        configuration = self.configuration
        verdicts = self.discovery.verdicts if self.discovery else {}
        for pack in (*configuration.mains(), *configuration.packs):
            known = verdicts.get(pack.key)
            hits, executions, active = (known.hits, known.executions, int(known.active)) if known else (0, 0, 0)
            platform, version = (
                value if isinstance(value := pack.value.get(key), str) else "" for key in ("platform", "version")
            )
            yield pack.name, platform, version, whole(pack.value.get("shard")) or 0, hits, executions, active

    def publishers(self) -> Iterator[Row]:
        """Rows of osquery_events: nothing is recorded."""
        return iter(())

    def carves(self) -> Iterable[Row]:
        """Rows of carves without its last column."""
        return self.carving.rows() if self.carving is not None else ()

    def carve(self, names: Sequence[str], patterns: Sequence[tuple[str, str]] = ()) -> tuple[str, str]:
        """Ask for a carve, in the name of the distributed query that runs in this thread."""
        if self.carving is None:
            return "", "the agent is still starting"
        return self.carving.ask(names, patterns)

    def extensions(self) -> Iterable[Row]:
        """Rows of osquery_extensions: nothing is known while no socket is served."""
        return self.extended.rows() if self.extended is not None else ()

    def events(self, table: str, first: int, last: int) -> None:
        """None are recorded."""
