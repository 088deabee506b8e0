"""The agent: what its parts share."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from threading import Event
from typing import TYPE_CHECKING, Any

from leadline import OSQUERY_VERSION
from leadline.agent import engines
from leadline.agent.configure import Configurator
from leadline.agent.decorators import Decorators
from leadline.agent.distributed import Distributor
from leadline.agent.enrollment import Enrollment
from leadline.agent.errors import CatastropheError
from leadline.agent.extensions import Extensions
from leadline.agent.forward import Forwarder
from leadline.agent.identity import Identity, hostname
from leadline.agent.packs import Machine, machine_shard
from leadline.agent.runtime import AgentRuntime
from leadline.agent.scheduler import Scheduler
from leadline.agent.state import State
from leadline.agent.status import StatusLog
from leadline.agent.watchdog.handover import Handover
from leadline.flags import Flags
from leadline.plugins.errors import UnknownPluginError
from leadline.plugins.kinds import Enroll, find
from leadline.sql.engine import Engine

if TYPE_CHECKING:
    from leadline.agent.carving.carver import Carver

log = logging.getLogger(__name__)


class Agent:
    """Holds the parts that the steps of the start-up make, and is the Context of the plugins."""

    state: State
    identity: Identity
    runtime: AgentRuntime
    configurator: Configurator
    enrollment: Enrollment
    enroller: Enroll
    scheduler: Scheduler
    distributor: Distributor

    def __init__(self, flags: Flags) -> None:
        self.flags = flags
        self.stopping = Event()
        self.draining = Event()
        """Set after ``stopping``, when nothing makes lines any more: forwarders deliver a last time and end."""
        self.ended = Event()
        """Set by whatever ends the agent: a signal, a failure, ``schedule_timeout``."""
        self.code = 0
        self.status_log = StatusLog(flags)
        self.decorators = Decorators()
        self.forwarders: list[Forwarder] = []
        self.carver: Carver | None = None
        self.pidfile: int | None = None
        self.handed: Handover | None = None
        """What the watcher handed over; None when none watches this process."""
        self.extensions = Extensions(self)

    @property
    def store(self) -> State:
        return self.state

    @property
    def keys(self) -> Enrollment:
        return self.enrollment

    def identifier(self) -> str:
        """The host identifier."""
        return self.identity.identifier()

    def details(self) -> Mapping[str, Mapping[str, str]]:
        """First rows of the tables that describe this machine."""
        with self.open_engine() as engine:
            return engines.details(engine)

    def section(self, key: str) -> object:
        """What the configuration holds under a top-level key."""
        return self.runtime.section(key)

    def open_engine(self) -> Engine:
        """An engine for the calling thread."""
        return engines.open_engine(self.flags, self.runtime)

    def plugin(self, kind: str, name: str) -> Any:
        """A plugin of ours or of an extension, made. Raises CatastropheError for a name that no plugin has."""
        try:
            return find(kind, name)(self)
        except UnknownPluginError as error:
            make = self.extensions.plugin(kind, name)
            if make is None:
                raise CatastropheError(str(error)) from error
            return make(self)

    def machine(self) -> Machine:
        """What decides which queries run here."""
        return Machine(
            platform="linux",
            version=OSQUERY_VERSION,
            shard=machine_shard(hostname()),
            default_interval=self.flags.number("schedule_default_interval"),
            delimiter=self.flags.text("pack_delimiter"),
        )

    def logger_names(self) -> list[str]:
        """The loggers that get result lines: none while logging is off."""
        return [] if self.flags.on("disable_logging") else [forwarder.logger_name for forwarder in self.forwarders]

    def wake_loggers(self) -> None:
        """Let the loggers that deliver at once know that there is something."""
        for forwarder in self.forwarders:
            if not forwarder.logger.period:
                forwarder.wake.set()

    def end(self, code: int = 0, sentence: str = "") -> None:
        """End the agent; the first code that is not 0 is the one that counts."""
        if sentence:
            log.critical("%s", sentence)
        self.code = self.code or code
        self.ended.set()
