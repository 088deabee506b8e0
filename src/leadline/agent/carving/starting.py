"""Making the carver of an agent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from leadline.agent.carving.carver import Carver
from leadline.agent.carving.pace import Pace

if TYPE_CHECKING:
    from leadline.agent.agent import Agent

DIRECTORY = "carves"

PART = 0.5
"""Part of what the watchdog allows that a carve may take; the rest is for the queries."""


def make(agent: Agent) -> Carver:
    """The carver, not yet started."""
    assert agent.runtime.carving is not None
    plugin = agent.plugin("carver", agent.flags.text("carver_plugin"))
    pace = Pace(share(agent), agent.stopping)
    return Carver(agent.flags, agent.runtime.carving, plugin, directory(agent), pace, agent.stopping)


def directory(agent: Agent) -> str:
    """Where archives lie; of an agent that keeps its state in memory one of its own, since others may run here."""
    name = DIRECTORY
    if agent.flags.on("disable_database") or agent.flags.on("ephemeral"):
        name = f"{DIRECTORY}.{os.getpid()}"
    return os.path.join(agent.flags.text("database_path"), name)


def share(agent: Agent) -> float:
    """Processor seconds a second that the carver may use; 0 for all, when nobody watches."""
    if agent.handed is None:
        return 0.0
    from leadline.agent.watchdog.limits import Limits
    from leadline.linux import cpulimit

    return Limits(agent.flags).percent / 100 * cpulimit.cores() * PART
