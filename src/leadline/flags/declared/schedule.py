"""Flags of the schedule, packs and decorations."""

from __future__ import annotations

FLAGS = (
    ("schedule_default_interval", "flag", "uint64", "3600", "Seconds between runs of a query that gives no interval."),
    ("schedule_splay_percent", "flag", "uint64", "10", "Percentage by which intervals are spread at random."),
    ("schedule_timeout", "flag", "uint64", "0", "Seconds after which the schedule stops; 0 never."),
    ("schedule_max_drift", "flag", "uint64", "60", "Longest lag in seconds that the schedule makes up for."),
    ("schedule_reload", "flag", "uint64", "3600", "Seconds between resets of the SQL engine's memory."),
    ("schedule_reload_sql", "hidden", "bool", "false", "Open the SQL engine anew at each reset."),
    (
        "schedule_epoch",
        "flag",
        "uint64",
        "0",
        "Number in result lines; a new one makes every query report all rows again.",
    ),
    (
        "schedule_query_timeout",
        "flag",
        "uint64",
        "0",
        "Seconds after which a scheduled query is ended; 0 leaves it to statement_timeout.",
    ),
    (
        "schedule_workers",
        "flag",
        "uint64",
        "2",
        "Scheduled queries that may run at the same time; with 1 they run one after the other, as in osquery.",
    ),
    (
        "schedule_wall_clock",
        "flag",
        "bool",
        "false",
        "Let intervals follow the clock, and make up once for runs missed while the machine slept or was off.",
    ),
    (
        "schedule_denylist_duration",
        "flag",
        "uint64",
        "86400",
        "Seconds for which a query is not run that was running when the watchdog stopped the worker.",
    ),
    ("schedule_lognames", "flag", "bool", "false", "Log the name of each scheduled query as it runs."),
    ("pack_delimiter", "flag", "string", "_", "Text between the parts of a packed query's name."),
    ("pack_refresh_interval", "flag", "uint64", "3600", "Seconds for which a pack's discovery answer is kept."),
    ("decorations_top_level", "flag", "bool", "false", "Put decorations beside the other keys of a result line."),
    ("disable_decorators", "flag", "bool", "false", "Add no decorations to result lines."),
)
