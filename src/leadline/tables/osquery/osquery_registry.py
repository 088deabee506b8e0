"""The osquery_registry table."""

from __future__ import annotations

from leadline.sql.schema import ALL, INTEGER, TEXT, Column, Query, Rows, table
from leadline.tables.osquery import runtime


@table(
    "osquery_registry",
    Column("registry", TEXT, "Kind of plugin: config, logger, table and so on."),
    Column("name", TEXT, "Name of the plugin."),
    Column("owner_uuid", INTEGER, "Extension that brings it; 0 for the program itself."),
    Column("internal", INTEGER, "1 when the program keeps it to itself, else 0."),
    Column("active", INTEGER, "1 when it is in use, else 0."),
    platforms=ALL,
    utility=True,
    examples=["SELECT registry, name FROM osquery_registry WHERE active = 1"],
    notes="Plugins of the running program, and its tables.",
)
def osquery_registry(query: Query) -> Rows:
    """Plugins of the program that answers, and which of them are in use."""
    source = runtime.of(query)
    return source.registry() if source else ()
