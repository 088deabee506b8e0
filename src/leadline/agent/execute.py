"""One run of a scheduled query: from its SQL to stored rows and lines in the buffer.

Rows, counter and lines are stored in one transaction: whenever the process ends, either the change is in the buffer
and not seen again, or the next run finds it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from leadline.agent import buffer, canonical, lines, previous
from leadline.agent.differential import Difference, Digest, difference
from leadline.agent.packs import Scheduled
from leadline.agent.rendering import Layout
from leadline.agent.spool import Spool
from leadline.agent.state import State
from leadline.flags import Flags
from leadline.sql.engine import Engine, Result

log = logging.getLogger(__name__)

NOTHING = Difference(Spool(), {}, {}, {})


class Run(NamedTuple):
    """The circumstances: names of the loggers that get the lines, host identifier, decorations, Unix time."""

    loggers: Sequence[str]
    identifier: str
    decorations: Mapping[str, str]
    time: int


class Outcome(NamedTuple):
    """What a run made: bytes of the rows it returned, names and values, and how many lines were logged."""

    size: int
    lines: int


class Rows(NamedTuple):
    """Rows as texts, and their columns."""

    columns: Sequence[str]
    texts: Iterable[str]

    def shown(self, shape: lines.Style) -> Iterator[str]:
        """The rows as they are in log lines."""
        return map(canonical.renderer(self.columns, numerics=shape.numerics), self.texts)


class Sized:
    """The rows of a statement as texts, and how long they have been together."""

    def __init__(self, result: Result, null: str) -> None:
        self.result = result
        self.columns = canonical.columns(result.columns)
        self.encode = canonical.encoder(result.columns, null)
        self.names = sum(map(len, self.columns))
        self.size = 0

    def __iter__(self) -> Iterator[str]:
        encode, names = self.encode, self.names
        size = 0
        for row in self.result:
            text = encode(row)
            size += len(text) + names
            yield text
        self.size = size


def style(flags: Flags) -> lines.Style:
    """The shape of lines that the flags ask for."""
    return lines.Style(
        events=flags.on("logger_event_type"),
        snapshot_events=flags.on("logger_snapshot_event_type"),
        numerics=flags.on("logger_numerics"),
        top_level=flags.on("decorations_top_level"),
    )


def start(engine: Engine, flags: Flags, query: Scheduled) -> Result:
    """Start the statement with the deadline that scheduled queries have. Raises SQLError."""
    return engine.query(query.sql, float(flags.number("schedule_query_timeout")) or None)


def snapshot(engine: Engine, state: State, flags: Flags, query: Scheduled, run: Run) -> Outcome:
    """Log all rows. Raises SQLError."""
    shape = style(flags)
    null = flags.text("nullvalue")
    result = start(engine, flags, query)
    layout = Layout(result.columns, alphabetical=True)
    render = layout.typed if shape.numerics else layout.text
    rows = Spool(render(row, null) for row in result)
    item = lines.Item(query.name, run.identifier, run.time, flags.number("schedule_epoch"), 0, run.decorations)
    added = buffer.add(state, run.loggers, "snapshot", lines.snapshot(item, rows, shape))
    return Outcome(rows.length, added)


def differential(engine: Engine, state: State, flags: Flags, query: Scheduled, run: Run) -> Outcome:
    """Log what changed since the last run. Raises SQLError."""
    epoch = flags.number("schedule_epoch")
    before = known(state, query, epoch)
    anew = before is None or before.epoch != epoch
    rows = Sized(start(engine, flags, query), flags.text("nullvalue"))
    amounts = {} if anew else previous.amounts(state, query.name)
    whole = Spool()
    # the rows that are stored without their texts have to be stored again with them, once
    refill = query.removed and before is not None and not before.texts and not anew
    current = gathered(rows, whole) if refill else rows
    if before is not None and amounts and before.columns != rows.columns:
        change = replaced(amounts, current)
    else:
        change = difference(amounts, current)
    counter = 0 if before is None or anew else before.counter + bool(change)
    item = lines.Item(query.name, run.identifier, run.time, epoch, counter, run.decorations)
    after = previous.Record(epoch, counter, query.sql, run.time, rows.columns, query.removed)
    with state.transaction():
        gone = previous.removed_rows(state, query.name, change.removed) if query.removed else ()
        made: Iterable[str] = ()
        if change or anew:
            made = report(item, Rows(before.columns, gone) if before else None, Rows(rows.columns, change.added), flags)
        added = buffer.add(state, run.loggers, "result", made)
        stored = difference({}, whole) if refill else change
        previous.store(state, query.name, after, stored, anew=anew or refill)
    return Outcome(rows.size, added)


def events(engine: Engine, state: State, flags: Flags, query: Scheduled, run: Run) -> Outcome:
    """Log all rows of a query on events, which are those since its last run: there is nothing to compare.

    The counter starts at 1, since the rows are not all there is, or at 0 when the first run had none, and grows with
    every run that has rows (osquery/core/query.cpp, addNewEvents). Raises SQLError.
    """
    epoch = flags.number("schedule_epoch")
    before = known(state, query, epoch)
    anew = before is None or before.epoch != epoch
    rows = Sized(start(engine, flags, query), flags.text("nullvalue"))
    found = Spool(rows)
    counter = -1 if before is None else before.counter
    if found:
        counter = 1 if anew else counter + 1
    item = lines.Item(query.name, run.identifier, run.time, epoch, counter, run.decorations)
    after = previous.Record(epoch, counter, query.sql, run.time)
    with state.transaction():
        made = report(item, None, Rows(rows.columns, found), flags) if found else ()
        added = buffer.add(state, run.loggers, "result", made)
        previous.store(state, query.name, after, NOTHING, anew=anew)
    return Outcome(rows.size, added)


def known(state: State, query: Scheduled, epoch: int) -> previous.Record | None:
    """What is known of the query's last run; tells what makes this run another one."""
    before = previous.record(state, query.name)
    if before is None:
        log.info("Storing initial results for new scheduled query: %s", query.name)
    elif before.epoch != epoch:
        log.info("New Epoch %d for scheduled query %s", epoch, query.name)
    elif before.sql != query.sql:
        log.info("The SQL of the scheduled query %s has changed; its rows are compared with the old ones", query.name)
    return before


def gathered(rows: Iterable[str], whole: Spool) -> Iterator[str]:
    """The rows, which are put into ``whole`` too."""
    for row in rows:
        whole.append(row)
        yield row


def replaced(amounts: dict[Digest, int], current: Iterable[str]) -> Difference:
    """The change when the columns are others: no row is what it was, whatever its cells."""
    change = difference({}, current)
    return change._replace(removed=amounts)


def report(item: lines.Item, removed: Rows | None, added: Rows, flags: Flags) -> Iterator[str]:
    """The lines of a differential result."""
    shape = style(flags)
    return lines.differential(item, removed.shown(shape) if removed else (), added.shown(shape), shape)
