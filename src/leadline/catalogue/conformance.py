"""osquery's tables on Linux as data, and ours in the same form to hold against them.

osquery.txt has a line a table, with its attributes and aliases, and a line a column below it: name, type, options,
collation, aliases. ``hidden`` includes the columns of other platforms.
"""

from __future__ import annotations

from pathlib import Path

from leadline.sql.schema import Table

OPTIONS = ("required", "index", "additional", "optimized", "hidden")
ATTRIBUTES = ("cacheable", "events", "user_data", "utility")


def osquery() -> dict[str, list[str]]:
    """The lines of each table by its name."""
    tables: dict[str, list[str]] = {}
    current: list[str] = []
    for line in Path(__file__).with_name("osquery.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith(" "):
            current = tables[line.split(" ", 1)[0]] = []
        current.append(line)
    return tables


def lines(table: Table, platform: int) -> list[str]:
    """A declared table in the same form; what osquery does not have is left out."""
    words = [attribute for attribute in ATTRIBUTES if attribute in table.attributes]
    found = [" ".join([table.name, *words, *(f"alias={alias}" for alias in table.aliases)])]
    for column in table.columns:
        if column.ours:
            continue
        options = [
            option
            for option in OPTIONS
            if getattr(column, option) or (option == "hidden" and not column.platforms & platform)
        ]
        options += [f"collate={column.collate}"] if column.collate else []
        options += [f"alias={alias}" for alias in column.aliases]
        found.append(" ".join(["   ", column.name, column.type, *options]))
    return found
