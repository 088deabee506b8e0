"""Which queries are about events."""

from __future__ import annotations

import sys
from typing import NamedTuple

import apsw

from leadline.catalogue.index import ALIASES
from leadline.sql import analysis
from leadline.sql.engine import Engine
from leadline.sql.errors import SQLError
from leadline.sql.schema import Table


class Eventful(NamedTuple):
    """Whether a statement reads any table of events, and whether it reads no other."""

    any: bool = False
    only: bool = False


def eventful(engine: Engine, sql: str) -> Eventful:
    """What a statement reads; one that SQLite refuses reads nothing.

    As in osquery one table of events makes a query one on events, whose rows are not compared, while only those that
    read nothing else are let off the denylist.
    """
    try:
        engine.query("SELECT NULL").close()  # the engine takes over tables that have come meanwhile
        names = analysis.tables(engine.connection, sql)
    except (apsw.Error, SQLError):
        return Eventful()
    found = [table for name in names if (table := declared(engine, name)) is not None]
    kinds = ["events" in table.attributes for table in found]
    return Eventful(any(kinds), bool(kinds) and all(kinds))


def declared(engine: Engine, name: str) -> Table | None:
    """The table of a name or an alias; None for a view and others that no module declares."""
    attached = engine.attached.get(name)
    if attached is not None:
        return attached
    own = ALIASES.get(name, name)
    module = engine.tables.get(own)
    if module is None:
        return None
    __import__(module)
    table: Table = getattr(sys.modules[module], own)
    return table
