"""``auto_table_construction``: tables over the SQLite files of other programs.

Such a table runs its query in each file that its path fits, and shows which file a row came from. The files are read
as :mod:`leadline.linux.sqlitefile` does, without a lock: who writes them does not notice.
"""

from __future__ import annotations

from leadline.configuration.packs import meant
from leadline.sql.schema import ALL, TEXT, Column, Query, Rows, Table
from leadline.sql.values import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

PATH = "path"
MAX_BRACES = 256


class SpecificationError(ValueError):
    """A table that cannot be made."""


def table(name: str, value: Any, platform: str) -> Table | None:
    """The table of a member of the section; None when it is not for this platform. Raises SpecificationError."""
    members = value if isinstance(value, dict) else {}
    query, path, columns = members.get("query"), members.get("path"), members.get("columns")
    if not isinstance(query, str) or not query or not isinstance(path, str) or not path:
        raise SpecificationError("has no query or no path")
    if not isinstance(columns, list) or not columns:
        raise SpecificationError("has no columns")
    if not meant(str(members.get("platform") or ""), platform):
        return None
    names = [column for column in columns if isinstance(column, str) and column and "`" not in column]
    if len({one.lower() for one in names}) < len(columns):
        raise SpecificationError("has a column twice, or one that is no name")
    if not any(one.lower() == PATH for one in names):
        names.append(PATH)
    made = Table(
        name,
        [Column(one, TEXT, "Path of the database." if one == PATH else "From the configuration.") for one in names],
        ALL,
        description=f"Rows of {query} in {path}",
    )
    made.on(ALL)(lambda asked: rows(asked, name, query, path, names))
    return made


def rows(asked: Query, name: str, query: str, path: str, columns: list[str]) -> Rows:
    """The rows of every file, in the order of their paths."""
    from leadline.linux import rooted, sqlitefile

    for found in paths(asked, path):
        try:
            with sqlitefile.Database(rooted.path(asked.root, found), views=True) as database:
                names, made = database.select(query, asked.cancelled)
                places = places_of(names, columns)
                for row in made:
                    yield tuple(
                        (found if column.lower() == PATH else None) if place is None else shown(row[place])
                        for column, place in zip(columns, places, strict=True)
                    )
        except sqlitefile.DamagedError as error:
            asked.warn(f"The table {name} of the configuration has no rows of {found}: {error}")


def places_of(names: tuple[str, ...], columns: list[str]) -> list[int | None]:
    """Where in a row each column is, by its name; None for one that the query does not return."""
    exact = {one: place for place, one in reversed(list(enumerate(names)))}
    folded = {one.lower(): place for place, one in reversed(list(enumerate(names)))}
    return [exact.get(column, folded.get(column.lower())) for column in columns]


def shown(value: str | float | bytes | None) -> str | None:
    """A value as text."""
    return None if value is None else text(value)


def paths(asked: Query, path: str) -> Iterator[str]:
    """The files that a path of the configuration fits, each once; ``%`` and ``*`` are wildcards, ``{a,b}`` a choice."""
    from leadline.linux import pattern, walk

    seen = set()
    for one in choices(path.replace("%", "*")):
        for found, _ in walk.expand(asked.root, pattern.glob(one), asked.cancelled):
            if not found.endswith("/") and found not in seen:
                seen.add(found)
                yield found


def choices(path: str) -> list[str]:
    """A path with braces written out, as a shell does; what would be too many stays as it is."""
    done: list[str] = []
    waiting = [path]
    while waiting:
        one = waiting.pop(0)
        end = one.find("}")
        start = one.rfind("{", 0, max(end, 0))
        if start < 0 or len(done) + len(waiting) > MAX_BRACES:
            done.append(one)
        else:
            waiting[:0] = [one[:start] + choice + one[end + 1 :] for choice in one[start + 1 : end].split(",")]
    return done
