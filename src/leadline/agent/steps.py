"""Starting and stopping the agent, as lists of steps.

The steps start in this order and stop in the opposite one. A step that fails to start raises AgentError, and those
before it are stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Thread
from time import monotonic
from typing import NamedTuple

from leadline.agent import buffer, pidfile
from leadline.agent.agent import Agent
from leadline.agent.carving.records import Records
from leadline.agent.configure import Configurator
from leadline.agent.distributed import Distributor
from leadline.agent.enrollment import Enrollment
from leadline.agent.errors import EXIT_CATASTROPHIC, CatastropheError
from leadline.agent.forward import Forwarder
from leadline.agent.identity import Identity
from leadline.agent.runtime import AgentRuntime
from leadline.agent.scheduler import Scheduler
from leadline.agent.state import State, open_state
from leadline.agent.status import install, uninstall
from leadline.agent.survival import restore
from leadline.agent.watchdog.extensions import ExtensionsWatchdog
from leadline.flags import unused
from leadline.plugins.errors import UnusableError
from leadline.plugins.kinds import Logger

log = logging.getLogger(__name__)

NETWORK_GRACE = 3.0
"""Seconds for a thread that may be inside a call that nothing ends, such as the look-up of a name."""


class Step(NamedTuple):
    """One step; ``stop`` is called only when ``start`` has returned."""

    name: str
    start: Callable[[Agent], None]
    stop: Callable[[Agent], None]


def nothing(agent: Agent) -> None:
    """For steps that leave nothing behind."""


def hold_pidfile(agent: Agent) -> None:
    """Be the only daemon; a watcher holds the file itself, and its worker the lock with it."""
    path = agent.flags.text("pidfile")
    if path and agent.handed is None and not agent.flags.on("ephemeral"):
        agent.pidfile = pidfile.hold(path, force=agent.flags.on("force"))


def release_pidfile(agent: Agent) -> None:
    """Let another daemon start."""
    if agent.pidfile is not None:
        pidfile.release(agent.flags.text("pidfile"), agent.pidfile)


def start_status_log(agent: Agent) -> None:
    """Take what the program logs from here on; the loggers get it when they are there."""
    install(agent.status_log)


def stop_status_log(agent: Agent) -> None:
    """Give the handler back."""
    uninstall(agent.status_log)


def open_database(agent: Agent) -> None:
    """Open the state, and find out who this machine is."""
    if agent.flags.on("disable_database") or agent.flags.on("ephemeral"):
        agent.state = State(None)
    else:
        agent.state, mended = open_state(agent.flags.text("database_path"))
        if mended:
            log.error("%s", mended)
    agent.identity = Identity(agent.flags, agent.state)
    agent.runtime = AgentRuntime(agent.flags, agent.identity)
    agent.runtime.carving = Records(agent.state, agent.flags)


def close_database(agent: Agent) -> None:
    """Close the state, unless a thread that could not be ended may still use it."""
    if agent.code != EXIT_CATASTROPHIC:
        agent.state.close()


def prepare_enrollment(agent: Agent) -> None:
    """Make ready to enroll; the first request that needs a node key does it."""
    agent.enroller = agent.plugin("enroll", agent.flags.text("enroll_plugin"))
    agent.enrollment = Enrollment(agent.flags, agent.state, agent.enroller)


def make_configurator(agent: Agent) -> None:
    """Make what loads the configuration; :func:`load_configuration` lets it."""
    plugin = agent.plugin("config", agent.flags.text("config_plugin"))
    agent.configurator = Configurator(
        agent.flags,
        agent.state,
        plugin,
        agent.runtime,
        agent.stopping,
        open_engine=agent.open_engine,
        machine=agent.machine,
    )


def load_configuration(agent: Agent) -> None:
    """Load the configuration, and again in time."""
    agent.configurator.start_up()
    agent.configurator.start()


def stop_configuration(agent: Agent) -> None:
    """End the refreshing."""
    agent.configurator.stop()
    agent.enroller.cancel()
    join(agent.configurator, NETWORK_GRACE)


def watch_extensions(agent: Agent) -> None:
    """Hold the extensions that this process has started to the watchdog's limits, when asked to."""
    if agent.flags.on("enable_extensions_watchdog"):
        ExtensionsWatchdog(agent.flags, lambda: agent.extensions.children.children, agent.stopping).start()


def warn_of_unused(agent: Agent) -> None:
    """Tell which flags somebody has set that have no meaning here."""
    for sentence in unused.warnings(agent.flags):
        log.warning("%s", sentence)


def start_monitoring(agent: Agent) -> None:
    """Write figures of the agent itself into a file, when asked to."""
    if not agent.flags.on("enable_numeric_monitoring"):
        return
    from leadline.agent.monitoring import Monitoring

    def waiting() -> int:
        return sum(buffer.waiting(agent.state, forwarder.logger_name) for forwarder in agent.forwarders)

    Monitoring(agent.flags, agent.scheduler.rows, waiting, agent.stopping).start()


def start_loggers(agent: Agent) -> None:
    """Start the loggers and what brings them their lines."""
    names = [name.strip() for name in agent.flags.text("logger_plugin").split(",") if name.strip()]
    for name in dict.fromkeys(names):
        logger: Logger = agent.plugin("logger", name)
        try:
            logger.start()
        except UnusableError as error:
            raise CatastropheError(str(error)) from error
        agent.forwarders.append(
            Forwarder(name, logger, agent.state, agent.flags, agent.draining, lambda: collect_status(agent))
        )
    dropped = buffer.forget(agent.state, [forwarder.logger_name for forwarder in agent.forwarders])
    if dropped:
        log.warning("Dropped %d buffered log lines of loggers that are no longer in use", dropped)
    streams = [kinds for forwarder in agent.forwarders for kinds in forwarder.logger.streams.values()]
    buffered = any("status" in kinds for kinds in streams)
    agent.status_log.wake = agent.forwarders[0].wake.set if agent.forwarders else lambda: None
    agent.status_log.attach([forwarder.logger.status for forwarder in agent.forwarders], buffered=buffered)
    for forwarder in agent.forwarders:
        forwarder.start()


def stop_loggers(agent: Agent) -> None:
    """Deliver what can be delivered at once; the rest waits for the next start."""
    agent.draining.set()
    for forwarder in agent.forwarders:
        forwarder.stop()
    for forwarder in agent.forwarders:
        join(forwarder, NETWORK_GRACE)
        if forwarder.is_alive():
            forwarder.logger.cancel()
            join(forwarder, NETWORK_GRACE)
    agent.status_log.detach()
    collect_status(agent)
    for forwarder in agent.forwarders:
        if not forwarder.is_alive():
            forwarder.logger.close()


def collect_status(agent: Agent) -> None:
    """Move waiting status messages into the buffer of the loggers that send them."""
    if not agent.status_log.waiting:
        return
    names = [
        forwarder.logger_name
        for forwarder in agent.forwarders
        if any("status" in kinds for kinds in forwarder.logger.streams.values())
    ]
    agent.status_log.collect(
        agent.identifier(),
        {} if agent.flags.on("disable_decorators") else agent.decorators.current,
        lambda lines: buffer.add(agent.state, names, "status", lines),
        top_level=agent.flags.on("decorations_top_level"),
    )


def start_carver(agent: Agent) -> None:
    """Carry out the carves that are asked for, unless ``disable_carver`` is on."""
    if agent.flags.on("disable_carver"):
        return
    from leadline.agent.carving import starting

    agent.carver = starting.make(agent)
    agent.carver.start()


def stop_carver(agent: Agent) -> None:
    """End the request that may be under way; the carve goes on with its next block after the next start."""
    if agent.carver is not None:
        agent.carver.stop()
        join(agent.carver, NETWORK_GRACE)
        if agent.flags.on("disable_database") or agent.flags.on("ephemeral"):
            agent.carver.clear()


def start_scheduler(agent: Agent) -> None:
    """Run the scheduled queries."""
    agent.scheduler = Scheduler(
        agent.flags,
        agent.state,
        agent.decorators,
        open_engine=agent.open_engine,
        configuration=lambda: agent.configurator.scheduled(),
        machine=agent.machine,
        loggers=agent.logger_names,
        identifier=agent.identifier,
        wake_loggers=agent.wake_loggers,
        stopping=agent.stopping,
        finished=agent.end,
    )
    agent.runtime.schedule = agent.scheduler.rows
    agent.scheduler.start()


def stop_scheduler(agent: Agent) -> None:
    """End the running query and wait: the scheduler is the one that writes results."""
    while agent.scheduler.is_alive():
        agent.scheduler.interrupt()
        agent.scheduler.join(0.2)


def start_distributed(agent: Agent) -> None:
    """Look for distributed queries; while ``disable_distributed`` is on the thread only waits for the flag."""
    plugin = agent.plugin("distributed", agent.flags.text("distributed_plugin"))
    agent.distributor = Distributor(agent.flags, agent.state, plugin, agent.open_engine, agent.stopping)
    agent.distributor.start()


def stop_distributed(agent: Agent) -> None:
    """End the running query and the open read."""
    end = monotonic() + NETWORK_GRACE
    agent.distributor.stop()
    while agent.distributor.is_alive() and monotonic() < end:
        agent.distributor.interrupt()
        agent.distributor.join(0.2)


def join(thread: Thread, timeout: float) -> None:
    """Wait for a thread that has been started."""
    if thread.ident is not None:
        thread.join(timeout)


CHECK: tuple[Step, ...] = (
    Step("status log", start_status_log, stop_status_log),
    Step("database", open_database, close_database),
    Step("extensions", lambda agent: agent.extensions.start(), lambda agent: agent.extensions.stop()),
    Step("enrollment", prepare_enrollment, nothing),
    Step("configuration plugin", make_configurator, nothing),
)
"""What --config_check and --config_dump need."""

DAEMON: tuple[Step, ...] = (
    Step("pidfile", hold_pidfile, release_pidfile),
    *CHECK,
    Step("last worker", restore, nothing),
    Step("extensions watchdog", watch_extensions, nothing),
    Step("configuration", load_configuration, stop_configuration),
    Step("unused flags", warn_of_unused, nothing),
    Step("loggers", start_loggers, stop_loggers),
    Step("carver", start_carver, stop_carver),
    Step("distributed queries", start_distributed, stop_distributed),
    Step("schedule", start_scheduler, stop_scheduler),
    Step("numeric monitoring", start_monitoring, nothing),
)


class Running:
    """The steps that have been started."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.started: list[Step] = []

    def start(self, steps: tuple[Step, ...]) -> None:
        """Start the steps until one fails or the agent is to end. Raises AgentError."""
        for step in steps:
            if self.agent.stopping.is_set():
                return
            step.start(self.agent)
            self.started.append(step)

    def stop(self) -> None:
        """Stop what was started; a step that fails to stop does not keep the others from it."""
        self.agent.stopping.set()
        while self.started:
            step = self.started.pop()
            try:
                step.stop(self.agent)
            except Exception:
                log.exception("Stopping the %s failed", step.name)
