"""What a statement asks of a table, as the JSON document that travels with a request, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from leadline.extensions.routes import NAMES, OPERATORS, TYPES
from leadline.sql import values
from leadline.sql.comparison import ANYTHING, NOTHING, narrow
from leadline.sql.schema import EQUALS, Query, Table, Value

LAST_BIT = 63
"""Stands for every column from the 64th on."""

EMPTY = '{"constraints":[]}'


def document(query: Query, names: Iterable[str], aliases: Iterable[tuple[str, str]]) -> str:
    """The context of a scan: constraints by column, the columns that are read, and those as a mask.

    ``names`` are the table's columns in the order of its route, ``aliases`` the pairs (name, target). As in osquery
    every column has its place among the constraints, whether it is constrained or not, and an empty string constrains
    nothing, unless it comes from an IN list.
    """
    assert query.table is not None
    types = {column.name: TYPES[column.type] for column in query.table.columns}
    types.update((alias, "UNKNOWN") for alias, _ in aliases)
    constraints = [
        {"name": name, "list": expressions(query.constraints.get(name, ())), "affinity": types[name]}
        for name in sorted(types)
    ]
    used = [name for name in names if query.uses(name)]
    mask = 0
    for position, name in enumerate(names):
        if query.uses(name):
            mask |= 1 << min(position, LAST_BIT)
    return json.dumps({"constraints": constraints, "colsUsed": used, "colsUsedBitset": mask}, separators=(",", ":"))


def expressions(constraints: Iterable[tuple[str, Value | tuple[Value, ...]]]) -> list[dict[str, int | str]]:
    """The constraints on one column."""
    found: list[dict[str, int | str]] = []
    for operator, value in constraints:
        members = value if isinstance(value, tuple) else (value,)
        for member in members:
            text = values.text(member)
            if text or len(members) > 1:
                found.append({"op": OPERATORS[operator], "expr": text})
    return found


def query_of(table: Table, text: str) -> Query:
    """The query of a request that came from a core.

    Several equalities on a column are what a core makes of an IN list, so they stand for a choice. Constraints with
    operators that tables do not know are left to the core, which checks each row again. Raises ValueError when the
    text is no context.
    """
    context = json.loads(text) if text else {}
    if not isinstance(context, dict):
        raise ValueError("the context is no object")
    columns = {column.name: column for column in table.columns}
    constraints: dict[str, list[tuple[str, Any]]] = {}
    for entry in context.get("constraints") or ():
        column = columns.get(entry["name"])
        equal: set[str] = set()
        if column is None:
            continue
        for item in entry.get("list") or ():
            operator = NAMES.get(int(item["op"]))
            if operator == EQUALS:
                equal.add(str(item["expr"]))
            elif operator is not None:
                value = narrow(column, operator, str(item["expr"]))
                if value is not NOTHING and value is not ANYTHING:
                    constraints.setdefault(column.name, []).append((operator, value))
        if equal:
            value = narrow(column, EQUALS, equal)
            if value is not NOTHING and value is not ANYTHING:
                constraints.setdefault(column.name, []).append((EQUALS, value))
    used = context.get("colsUsed")
    return Query(table, frozenset(map(str, used)) if isinstance(used, list) else None, constraints)
