"""Flags of the process that watches the worker."""

from __future__ import annotations

FLAGS = (
    ("disable_watchdog", "cli", "bool", "false", "Run without the watching process."),
    ("watchdog_level", "cli", "int32", "0", "How strict the limits are: 0 normal, 1 restrictive, -1 off."),
    ("watchdog_memory_limit", "cli", "uint64", "0", "Memory in MB that a worker may use, instead of the level's."),
    (
        "watchdog_utilization_limit",
        "cli",
        "uint64",
        "0",
        "CPU share in percent that a worker may use, instead of the level's.",
    ),
    (
        "watchdog_latency_limit",
        "cli",
        "uint64",
        "0",
        "Seconds over the CPU limit before a worker is stopped, instead of the level's.",
    ),
    ("watchdog_delay", "cli", "uint64", "60", "Seconds after a start during which limits do not apply."),
    ("watchdog_forced_shutdown_delay", "cli", "uint64", "4", "Seconds between asking a worker to stop and killing it."),
    (
        "watchdog_max_delay",
        "hidden",
        "uint64",
        "600",
        "Longest wait in seconds before a failing worker is started again.",
    ),
    ("enable_extensions_watchdog", "cli", "bool", "false", "Watch the extension processes too."),
    ("enable_watchdog_debug", "cli", "bool", "false", "Log what the watching process measures."),
    (
        "watchdog_silence_limit",
        "cli",
        "uint64",
        "300",
        "Seconds without a sign of life after which a worker counts as hanging and is stopped; 0 never.",
    ),
)
