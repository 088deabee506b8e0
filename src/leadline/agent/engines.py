"""SQL engines for the agent's threads, and the rows that describe this machine."""

from __future__ import annotations

import logging
from itertools import islice

import apsw

from leadline.agent.runtime import AgentRuntime
from leadline.catalogue import opening
from leadline.flags import Flags
from leadline.sql import values
from leadline.sql.engine import Engine
from leadline.sql.errors import SQLError

log = logging.getLogger(__name__)

DETAILS = ("os_version", "osquery_info", "platform_info", "system_info")
_LEVELS = (logging.INFO, logging.WARNING, logging.ERROR)


def open_engine(flags: Flags, runtime: AgentRuntime) -> Engine:
    """An engine for the calling thread."""
    return opening.open_engine(
        flags,
        runtime,
        warn=lambda table, message: log.warning("%s", message),
        log=lambda severity, message: log.log(_LEVELS[severity], "%s", message),
        attachments=runtime.attachments,
    )


def interrupt(engine: Engine | None) -> None:
    """End the running statement of another thread's engine, which that thread may be closing."""
    try:
        if engine is not None:
            engine.interrupt()
    except apsw.ConnectionClosedError:
        pass


def few_rows(engine: Engine, sql: str, most: int = 2) -> list[dict[str, str]]:
    """The first rows of a statement as text. Raises SQLError."""
    result = engine.query(sql)
    try:
        return [values.row(result.columns, row) for row in islice(result, most)]
    finally:
        result.close()


def details(engine: Engine) -> dict[str, dict[str, str]]:
    """The first row of each table that describes a machine, without what is NULL: what an enrollment sends."""
    found: dict[str, dict[str, str]] = {}
    for table in DETAILS:
        if table not in engine.tables:
            continue
        try:
            result = engine.query(f"SELECT * FROM {table}")  # noqa: S608 - our own names
            for row in islice(result, 1):
                known = [(column, cell) for column, cell in zip(result.columns, row, strict=True) if cell is not None]
                found[table] = {column: values.text(cell) for column, cell in sorted(known)}
            result.close()
        except SQLError as error:
            log.warning("Cannot describe this machine by %s: %s", table, error.message)
    return found
