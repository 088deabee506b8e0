"""The ``views`` of the configuration: SQL under a name, in every engine."""

from __future__ import annotations

from leadline.agent.configuration import Configuration, Problem
from leadline.catalogue.index import ALIASES, TABLES
from leadline.sql import analysis
from leadline.sql.engine import Engine, quoted
from leadline.sql.errors import SQLError


def wanted(configuration: Configuration, tables: set[str]) -> tuple[dict[str, str], list[Problem]]:
    """The views by name, and those that cannot be; ``tables`` are the names of tables beside the catalogue's."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for member in configuration.members("views"):
        name, sql = member.name, member.value
        if not isinstance(sql, str) or not sql.strip():
            sentence = f"The view {name} has no SQL text"
        elif not name or name.lower().startswith("sqlite_"):
            sentence = f"A view cannot have the name {name!r}"
        elif name in TABLES or name in ALIASES or name in tables:
            sentence = f"The view {name} has the name of a table: that is left as it is"
        elif len(statements := analysis.split(sql)) != 1:
            sentence = f"The view {name} should be one statement, not {len(statements)}"
        else:
            found[name] = statements[0]
            continue
        problems.append(configuration.problem(member.part.place, member.path, sentence))
    return found, problems


def tried(configuration: Configuration, views: dict[str, str], engine: Engine) -> list[Problem]:
    """Why views cannot be queried; the engine has them. One whose table may yet come is kept."""
    problems = []
    for member in configuration.members("views"):
        if member.name not in views:
            continue
        try:
            engine.query(f"SELECT * FROM {quoted(member.name)} LIMIT 0").close()  # noqa: S608 - quoted
        except SQLError as error:
            sentence = f"The view {member.name} cannot be queried: {error.message}"
            problems.append(configuration.problem(member.part.place, member.path, sentence))
    return problems
