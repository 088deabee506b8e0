"""The yara_events table."""

from __future__ import annotations

from leadline.sql.schema import BIGINT, INTEGER, LINUX, MACOS, TEXT, Column, Query, Rows, table
from leadline.tables.events import stored


@table(
    "yara_events",
    Column("target_path", TEXT, "File that changed."),
    Column("category", TEXT, "Name under which the configuration lists the file."),
    Column("action", TEXT, "What happened to the file, as in file_events."),
    Column("matches", TEXT, "Rules that matched, separated by commas."),
    Column("count", INTEGER, "Number of rules that matched."),
    Column("strings", TEXT, "What the rules matched."),
    Column("tags", TEXT, "Tags of the rules."),
    Column("time", BIGINT, "When it happened, in seconds since 1970."),
    Column("eid", TEXT, "Number of the event, growing by one with each of the table.", hidden=True),
    Column("transaction_id", BIGINT, "Number that the two halves of a move share.", platforms=MACOS),
    platforms=LINUX,
    events=True,
    examples=["SELECT time, target_path, matches FROM yara_events"],
    notes=(
        "Recorded by a running agent with --enable_file_events and yara.file_paths in the configuration; without "
        "it there are no rows. Kept for events_expiry seconds."
    ),
)
def yara_events(query: Query) -> Rows:
    """Watched files that changed and match a YARA rule."""
    return stored.rows(query)
