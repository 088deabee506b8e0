"""Queries that are not run for a while, because they were running when the agent was stopped.

Two values in the domain ``configurations``, as osquery has them: ``executing_query`` is the mark of a query while it
runs (``executing_query.1`` and so on are those of the others that run at the same time), ``failed_queries`` is
``name:expiry:name:expiry...`` with seconds since 1970. Beside them ``failed_reasons`` tells why.
"""

from __future__ import annotations

import json
import logging

from leadline.agent.lines import calendar_time
from leadline.agent.state import State

log = logging.getLogger(__name__)

DOMAIN = "configurations"
EXECUTING = "executing_query"
FAILED = "failed_queries"
REASONS = "failed_reasons"
STOPPED = "stopped_reason"
"""Why the watcher stopped the last worker, when it did (:mod:`leadline.agent.survival`)."""

UNKNOWN = "it was running when the agent ended without having been asked to"


def key(slot: int) -> str:
    """The key of the mark of the query that runs in one of several places, the first of which is 0."""
    return f"{EXECUTING}.{slot}" if slot else EXECUTING


def begin(state: State, name: str, slot: int = 0) -> None:
    """Note that a query runs."""
    state.put(DOMAIN, key(slot), name)


def end(state: State, slot: int = 0) -> None:
    """Note that it has ended."""
    state.remove(DOMAIN, key(slot))


def marks(state: State) -> dict[str, str]:
    """The queries that are noted as running, by the key of the mark."""
    return {
        found: name
        for found, name in state.items(DOMAIN)
        if name and (found == EXECUTING or found.startswith(EXECUTING + "."))
    }


def entries(state: State) -> dict[str, int]:
    """When each query may run again, in seconds since 1970."""
    fields = (state.get(DOMAIN, FAILED) or "").split(":")
    pairs = zip(fields[::2], fields[1::2], strict=False)
    return {name.replace("%3A", ":").replace("%25", "%"): int(until) for name, until in pairs if until.isdigit()}


def denied(state: State, name: str, now: float) -> int:
    """When a query may run again, in seconds since 1970; 0 when it may run now."""
    until = entries(state).get(name, 0)
    return until if until > now else 0


def reason(state: State, name: str) -> str:
    """Why a query was denied."""
    return str(json.loads(state.get(DOMAIN, REASONS) or "{}").get(name, UNKNOWN))


def deny(state: State, name: str, until: int, reason: str) -> None:
    """Keep a query from running until a moment, in seconds since 1970; ``reason`` is a clause that begins with "it"."""
    with state.transaction():
        reasons = json.loads(state.get(DOMAIN, REASONS) or "{}")
        write(state, {**entries(state), name: until}, {**reasons, name: reason})


def expire(state: State, now: float) -> list[str]:
    """Drop the entries whose time is over; their names."""
    found = entries(state)
    over = [name for name, until in found.items() if until <= now]
    if over:
        with state.transaction():
            reasons = json.loads(state.get(DOMAIN, REASONS) or "{}")
            write(state, {name: until for name, until in found.items() if name not in over}, reasons)
    return over


def write(state: State, untils: dict[str, int], reasons: dict[str, str]) -> None:
    """Store the entries and the reasons of those."""
    fields = (f"{name.replace('%', '%25').replace(':', '%3A')}:{until}" for name, until in untils.items())
    state.put(DOMAIN, FAILED, ":".join(fields))
    state.put(DOMAIN, REASONS, json.dumps({name: text for name, text in reasons.items() if name in untils}))


def leftover(state: State, now: float, duration: int, *, watched: bool) -> list[str]:
    """Deal with the marks that the last process left: returns the names of queries to be run by themselves.

    One query that was running is denied for ``duration`` seconds when a watchdog is on (``watched``). Of several
    nobody knows which one it was, so none is denied: they run alone once, and if it happens again it is known.
    """
    with state.transaction():
        left = marks(state)
        names = list(dict.fromkeys(left.values()))
        for found in left:
            state.remove(DOMAIN, found)
        for name in names:
            log.warning("Scheduled query may have failed: %s", name)
        if not watched:
            return []
        if len(names) == 1:
            why = state.get(DOMAIN, STOPPED)
            because = f"{UNKNOWN} ({why})" if why else UNKNOWN
            deny(state, names[0], int(now) + duration, because)
            return []
    if names:
        log.warning("Any of %d scheduled queries may have been the reason: they run alone once", len(names))
    return names


def tell(state: State, name: str, until: int) -> None:
    """Log that a query is not run."""
    log.warning(
        "Scheduled query %s is denylisted until %s: %s. Mend it, or set its option denylist to false",
        name, calendar_time(until), reason(state, name),
    )  # fmt: skip
