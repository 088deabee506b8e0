"""The osquery_packs table."""

from __future__ import annotations

from leadline.sql.schema import ALL, INTEGER, TEXT, Column, Query, Rows, table
from leadline.tables.osquery import runtime


@table(
    "osquery_packs",
    Column("name", TEXT, "Name of the pack."),
    Column("platform", TEXT, "Platforms it is for."),
    Column("version", TEXT, "Lowest osquery version it is for.", collate="version"),
    Column("shard", INTEGER, "Percentage of machines that run it; 0 for all."),
    Column("discovery_cache_hits", INTEGER, "How often the answer of its discovery queries was still known."),
    Column("discovery_executions", INTEGER, "How often its discovery queries ran."),
    Column("active", INTEGER, "1 when its queries run on this machine, else 0."),
    platforms=ALL,
    utility=True,
    examples=["SELECT name, platform, active FROM osquery_packs"],
    notes="Rows come from the running agent and its configuration; the shell has none.",
)
def osquery_packs(query: Query) -> Rows:
    """Packs of the agent's configuration."""
    program = runtime.of(query)
    return program.packs() if program else ()
