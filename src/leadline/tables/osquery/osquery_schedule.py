"""The osquery_schedule table."""

from __future__ import annotations

from leadline.sql.schema import ALL, BIGINT, INTEGER, TEXT, Column, Query, Rows, table
from leadline.tables.osquery import runtime


@table(
    "osquery_schedule",
    Column("name", TEXT, "Name, with its pack's in front when it comes from one."),
    Column("query", TEXT, "SQL of the query."),
    Column("interval", INTEGER, "Seconds between two runs, before they are spread at random."),
    Column("executions", BIGINT, "How often it ran since its SQL was changed, also before the agent started."),
    Column("last_executed", BIGINT, "When it ran last, in seconds since 1970; 0 for never."),
    Column("denylisted", INTEGER, "1 when the agent refuses to run it, else 0.", aliases=("blacklisted",)),
    Column("output_size", BIGINT, "Bytes of all the rows it returned, names and values."),
    Column("wall_time", BIGINT, "Seconds that all runs took."),
    Column("wall_time_ms", BIGINT, "Milliseconds that all runs took."),
    Column("last_wall_time_ms", BIGINT, "Milliseconds that the last run took."),
    Column("user_time", BIGINT, "Processor time of all runs in user mode, in milliseconds."),
    Column("last_user_time", BIGINT, "Processor time of the last run in user mode, in milliseconds."),
    Column("system_time", BIGINT, "Processor time of all runs in the kernel, in milliseconds."),
    Column("last_system_time", BIGINT, "Processor time of the last run in the kernel, in milliseconds."),
    Column("average_memory", BIGINT, "Bytes that memory grew by in a run without others beside it, on average."),
    Column("last_memory", BIGINT, "Bytes that memory grew by in the last run in which it grew."),
    platforms=ALL,
    utility=True,
    examples=[
        "SELECT name, executions, wall_time_ms / executions AS ms FROM osquery_schedule WHERE executions > 0",
        "SELECT name, last_memory, average_memory FROM osquery_schedule ORDER BY average_memory DESC",
    ],
    notes="Rows come from the running agent; the shell has no schedule. Figures start anew when a query's SQL changes.",
)
def osquery_schedule(query: Query) -> Rows:
    """Queries of the agent's schedule, and what running them has cost."""
    program = runtime.of(query)
    return program.schedule() if program else ()
