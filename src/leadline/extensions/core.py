"""This program's own plugins, as extensions may call them through the manager."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Protocol

from leadline.extensions.engines import Engines
from leadline.extensions.errors import RefusedError
from leadline.extensions.routes import NAMES, route
from leadline.flags import Flags
from leadline.sql import values
from leadline.sql.engine import Engine
from leadline.sql.errors import SQLError
from leadline.sql.schema import Table

Rows = list[dict[str, str]]
Request = Mapping[str, str]
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Store(Protocol):
    """Text under a domain and a key."""

    def get(self, domain: str, key: str) -> str | None: ...
    def put(self, domain: str, key: str, value: str) -> None: ...
    def remove(self, domain: str, key: str) -> None: ...
    def items(self, domain: str) -> list[tuple[str, str]]: ...


class Core:
    """Answers for the registries sql, table, config, logger and database.

    What extensions keep in the database is in domains of its own, so that no extension can change what the agent
    remembers. ``log(kind, line)`` takes a line for the loggers, ``sources()`` gives the configuration in use,
    ``push(source, text)`` takes a source of it that an extension brings by itself.
    """

    def __init__(
        self,
        engines: Engines,
        flags: Flags,
        store: Store,
        log: Callable[[str, str], None],
        sources: Callable[[], Mapping[str, str]],
        push: Callable[[str, str], None] | None = None,
    ) -> None:
        self.engines = engines
        self.flags = flags
        self.store = store
        self.log = log
        self.sources = sources
        self.push = push

    def call(self, kind: str, item: str, request: Request) -> tuple[int, str, Rows]:
        """Code, message and rows of the answer."""
        answers = {
            "sql": self.sql, "table": lambda asked: self.table(item, asked), "config": self.config,
            "logger": self.logger, "database": self.database,
        }  # fmt: skip
        if kind not in answers:
            return 1, f"Unknown registry: {kind}", []
        try:
            return 0, "OK", answers[kind](request)
        except SQLError as error:
            return 1, error.message, []
        except KeyError as error:
            return 1, f"The request to the {kind} plugin lacks {error.args[0]!r}", []
        except (RefusedError, ValueError) as error:
            return 1, str(error), []

    def query(self, sql: str) -> Rows:
        """Rows as text."""
        return self.engines.query(sql, self.flags.text("nullvalue"))

    def sql(self, request: Request) -> Rows:
        """Run a statement, or tell about it."""
        action = request["action"]
        if action == "query":
            return self.query(request["query"])
        if action == "columns":
            return [{"n": name, "t": kind, "o": "0"} for name, kind in self.engines.columns(request["query"])]
        if action == "tables":
            with self.engines.lent() as engine:
                return [{"t": name} for name in named(engine, request["query"])]
        raise RefusedError(f"Unknown action: {action}")

    def table(self, name: str, request: Request) -> Rows:
        """The columns or the rows of one of this program's tables."""
        with self.engines.lent() as engine:
            declared = engine.declared(name)
        if declared is None:
            raise RefusedError(f"No such table: {name}")
        action = request.get("action", "")
        if action == "columns":
            return route(declared)
        if action == "generate":
            return self.query(statement(declared, request.get("context", "")))
        raise RefusedError(f"Unknown table plugin action: {action}")

    def config(self, request: Request) -> Rows:
        """The configuration and the flags, which are read only, and further sources of the configuration."""
        action = request.get("action", "")
        if action == "update" and self.push:
            self.push(request["source"], request["data"])
            return []
        if action == "genConfig":
            return [dict(self.sources())]
        if action == "option":
            name = request["name"]
            value = self.flags.text(name) if self.flags.declaration(name) else ""
            return [{"name": name, "value": value}]
        raise RefusedError(f"Config plugin action unknown: {action}")

    def logger(self, request: Request) -> Rows:
        """Put a line in line for every logger."""
        if "string" in request:
            self.log("result", request["string"])
        elif "snapshot" in request:
            self.log("snapshot", request["snapshot"])
        else:
            raise RefusedError("Unsupported call to logger plugin")
        return []

    def database(self, request: Request) -> Rows:
        """Text that is kept across starts."""
        action, domain = request["action"], f"extension.{request['domain']}"
        if action == "get":
            value = self.store.get(domain, request["key"])
            if value is None:
                raise RefusedError("Key not found")
            return [{"v": value}]
        if action == "put":
            self.store.put(domain, request["key"], request["value"])
            return []
        if action == "remove":
            self.store.remove(domain, request["key"])
            return []
        if action == "scan":
            most = int(request.get("max") or 0)
            keys = [key for key, _ in self.store.items(domain) if key.startswith(request.get("prefix", ""))]
            return [{"k": key} for key in (keys[:most] if most else keys)]
        raise RefusedError(f"Unknown database plugin action: {action}")


def named(engine: Engine, sql: str) -> list[str]:
    """The tables that a statement reads, as SQLite's plan names them."""
    found = {}
    for row in engine.query(f"EXPLAIN QUERY PLAN {sql}"):
        words = str(row[3]).split()
        if len(words) > 1 and words[0] in ("SCAN", "SEARCH") and NAME.match(words[1]):
            found[words[1]] = True
    return list(found)


def statement(table: Table, context: str) -> str:
    """The SELECT of a request for rows: used columns, and the constraints that tables know. Raises ValueError."""
    asked = json.loads(context) if context else {}
    columns = {column.name: column for column in table.columns}
    used = [name for name in asked.get("colsUsed") or columns if name in columns] or list(columns)
    conditions = []
    for entry in asked.get("constraints") or ():
        column = columns.get(entry["name"])
        for item in (entry.get("list") or ()) if column else ():
            operator = NAMES.get(int(item["op"]))
            if operator:
                conditions.append(f"`{entry['name']}` {operator} {literal(str(item['expr']))}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    names = ", ".join(f"`{name}`" for name in used)
    return f"SELECT {names} FROM `{table.name}`{where}"  # noqa: S608 - names are declared ones, values are quoted


def literal(text: str) -> str:
    """Text in SQL."""
    return "'" + values.text(text).replace("'", "''") + "'"
