"""One run of a scheduled query: from its SQL to stored rows and lines in the buffer."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from leadline.agent import buffer, lines, previous
from leadline.agent.differential import Difference, difference
from leadline.agent.packs import Scheduled
from leadline.agent.rendering import Layout
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.sql.engine import Engine

log = logging.getLogger(__name__)


class Run(NamedTuple):
    """The circumstances: names of the loggers that get the lines, host identifier, decorations, Unix time."""

    loggers: Sequence[str]
    identifier: str
    decorations: Mapping[str, str]
    time: int


def style(flags: Flags) -> lines.Style:
    """The shape of lines that the flags ask for."""
    return lines.Style(
        events=flags.on("logger_event_type"),
        snapshot_events=flags.on("logger_snapshot_event_type"),
        numerics=flags.on("logger_numerics"),
        top_level=flags.on("decorations_top_level"),
    )


def snapshot(engine: Engine, state: State, flags: Flags, query: Scheduled, run: Run) -> int:
    """Log all rows; returns the length of the lines. Raises SQLError."""
    shape = style(flags)
    null = flags.text("nullvalue")
    result = engine.query(query.sql)
    layout = Layout(result.columns, alphabetical=True)
    render = layout.typed if shape.numerics else layout.text
    rows = [render(row, null) for row in result]
    item = lines.Item(query.name, run.identifier, run.time, flags.number("schedule_epoch"), 0, run.decorations)
    made = list(lines.snapshot(item, rows, shape))
    buffer.add(state, run.loggers, "snapshot", made)
    return sum(map(len, made))


def differential(engine: Engine, state: State, flags: Flags, query: Scheduled, run: Run) -> int:
    """Log what changed since the last run; returns the length of the lines. Raises SQLError.

    The rows, the counter and the lines are stored in one transaction: whenever the process ends, either the change is
    in the buffer and not seen again, or the next run finds it.
    """
    epoch = flags.number("schedule_epoch")
    before = previous.record(state, query.name)
    anew = before is None or before.epoch != epoch
    result = engine.query(query.sql)
    layout = Layout(result.columns, alphabetical=True)
    null = flags.text("nullvalue")
    change = difference(
        {} if anew else previous.amounts(state, query.name), (layout.escaped(row, null) for row in result)
    )
    if before is not None and before.sql != query.sql:
        log.info("The SQL of the scheduled query %s has changed; its rows are compared with the old ones", query.name)
    counter = 0 if before is None or anew else before.counter + bool(change)
    removed = previous.removed_rows(state, query.name, change.removed) if query.removed else []
    item = lines.Item(query.name, run.identifier, run.time, epoch, counter, run.decorations)
    made = report(item, removed, change, style(flags))
    after = previous.Record(epoch, counter, query.sql, run.time)
    with state.transaction():
        previous.store(state, query.name, after, change, anew=anew)
        buffer.add(state, run.loggers, "result", made)
    return sum(map(len, made))


def report(item: lines.Item, removed: Sequence[str], change: Difference, shape: lines.Style) -> list[str]:
    """The lines of a differential result. Nothing to report is a line only before the first change, in batches."""
    if not removed and not change.added and item.counter != 0:
        return []
    return list(lines.differential(item, removed, change.added, shape))
