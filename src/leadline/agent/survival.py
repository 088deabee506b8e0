"""What a worker that is stopped for what it uses leaves to the next one: which queries were running.

A query's mark is in the state while it runs. A worker that the watcher stops ends in order if it can, and its queries
take their marks away as they end; so they are kept aside when the watcher's SIGUSR1 comes, and put back by the next
worker, for which they are then the queries that were running when the agent ended.
"""

from __future__ import annotations

import json
import logging

from leadline.agent.agent import Agent
from leadline.agent.watchdog.handover import Handover
from leadline.plugins.kinds import Status

log = logging.getLogger(__name__)

DOMAIN = "configurations"
EXECUTING = "executing_query"
"""What the names of the marks of scheduled queries begin with."""

ASIDE = "stopped_queries"
REASON = "stopped_reason"
"""Why the last worker was stopped or how it ended, for the one who denies the query; there while a worker starts."""

DISTRIBUTED = "distributed_running"


def keep(agent: Agent) -> None:
    """Keep the marks aside: called when SIGUSR1 has come."""
    if not hasattr(agent, "state"):
        return
    if hasattr(agent, "scheduler"):
        agent.scheduler.blame()  # of several queries, only the one that uses the most
    marks = [(DOMAIN, key, value) for key, value in agent.state.items(DOMAIN) if key.startswith(EXECUTING)]
    marks += [(DISTRIBUTED, key, value) for key, value in agent.state.items(DISTRIBUTED)]
    agent.state.put(DOMAIN, ASIDE, json.dumps(marks))


def restore(agent: Agent) -> None:
    """Put the marks back that the last worker kept aside, and log what the watcher said meanwhile."""
    state = agent.state
    kept = state.get(DOMAIN, ASIDE)
    with state.transaction():
        for domain, key, value in json.loads(kept or "[]"):
            state.put(domain, key, value)
        state.remove(DOMAIN, ASIDE)
        if agent.handed is not None and agent.handed.reason:
            state.put(DOMAIN, REASON, agent.handed.reason)
        else:
            state.remove(DOMAIN, REASON)
    if agent.handed is not None:
        repeat(agent, agent.handed)


def repeat(agent: Agent, handed: Handover) -> None:
    """The watcher's messages since the last worker started, for the loggers; standard error has seen them."""
    for note in handed.notes:
        agent.status_log.take(Status(note.severity, "watcher.py", 1, note.text, note.time, handed.parent))
