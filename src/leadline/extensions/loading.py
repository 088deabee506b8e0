"""What a program loads at its start: the command line of extensions, names that are taken, tables from files."""

from __future__ import annotations

from collections.abc import Callable

from leadline.catalogue.index import ALIASES, TABLES
from leadline.catalogue.selection import enabled
from leadline.extensions import files
from leadline.flags import Flags
from leadline.sql.engine import Attachments
from leadline.sql.schema import Table


def arguments(flags: Flags, socket: str) -> list[str]:
    """osquery's command line for an extension, after the program's name."""
    line = [
        "--socket", socket, "--timeout", flags.text("extensions_timeout"),
        "--interval", flags.text("extensions_interval"),
    ]  # fmt: skip
    return [*line, "--verbose"] if flags.on("verbose") else line


def own(kind: str, name: str) -> bool:
    """Whether we have a plugin or table of the name ourselves."""
    from leadline.plugins.kinds import PLUGINS

    if kind == "table":
        return name in TABLES or name in ALIASES
    return name in PLUGINS.get(kind, ()) or (kind, name) == ("sql", "sql")


def load_files(flags: Flags, attachments: Attachments, warn: Callable[[str], None]) -> None:
    """Attach the tables of the Python files in ``tables_d``; ``warn`` is told what is not loaded, and why."""
    directory = flags.text("tables_d")
    if not directory:
        return
    for loaded in files.load(directory, unsafe=flags.on("allow_unsafe")):
        if loaded.problem:
            warn(f"Will not load tables from {loaded.path}: {loaded.problem}")
        for table in loaded.tables:
            problem = unfit(table, attachments)
            if problem:
                warn(f"Will not load the table {table.name} from {loaded.path}: {problem}")
            elif enabled(flags, table.name):
                attachments.attach(table)


def unfit(table: Table, attachments: Attachments) -> str:
    """Why a table cannot be attached; empty when it can."""
    from leadline.extensions.errors import RefusedError
    from leadline.extensions.routes import described, route

    taken = [name for name in (table.name, *table.aliases) if own("table", name.lower()) or name in attachments.tables]
    if taken:
        return f"there is a table {taken[0]} already"
    try:
        described(table.name, route(table), default_index=False)
    except RefusedError as error:
        return str(error)
    return ""
