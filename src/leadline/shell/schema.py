"""The CREATE statements that ``.schema`` prints, with the primary keys that osquery declares."""

from __future__ import annotations

from leadline.catalogue.selection import selected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadline.flags import Flags
    from leadline.shell.extensions import Extensions
    from leadline.sql.schema import Table


def statements(flags: Flags, prefix: str, extensions: Extensions | None = None) -> Iterator[str]:
    """The statement of every table whose name starts with the prefix."""
    from importlib import import_module

    from leadline.sql.engine import PLATFORM

    modules = selected(flags)[0]
    attached = extensions.attachments.tables if extensions else {}
    for name in sorted({*modules, *attached}):
        if name.startswith(prefix):
            yield statement(attached.get(name) or getattr(import_module(modules[name]), name), PLATFORM)


def statement(table: Table, platform: int) -> str:
    """One statement, as osquery writes it (osquery/core/tables.cpp, columnDefinition)."""
    parts = []
    for column in table.columns:
        hidden = " HIDDEN" if column.hidden or not column.platforms & platform else ""
        collate = f" COLLATE {column.collate.upper()}" if column.collate else ""
        parts.append(f"`{column.name}` {column.type}{hidden}{collate}")
    parts.extend(f"`{alias}` {column.type} HIDDEN" for column in table.columns for alias in column.aliases)
    key = [column for column in table.columns if column.index or column.additional]
    if not key:
        return f"CREATE TABLE {table.name}({', '.join(parts)});"
    if any(column.index for column in key):
        names = [column.name for column in key]
    else:  # additional columns alone do not tell rows apart, so osquery takes them all
        names = [column.name for column in table.columns]
        names.extend(alias for column in table.columns for alias in column.aliases)
    parts.append(f"PRIMARY KEY ({', '.join(f'`{name}`' for name in names)})")
    return f"CREATE TABLE {table.name}({', '.join(parts)}) WITHOUT ROWID;"
