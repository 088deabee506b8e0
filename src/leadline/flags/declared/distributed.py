"""Flags of distributed queries and file carves."""

from __future__ import annotations

FLAGS = (
    ("disable_distributed", "flag", "bool", "true", "Take no distributed queries."),
    ("distributed_plugin", "flag", "string", "tls", "Plugin that fetches distributed queries."),
    ("distributed_interval", "flag", "uint64", "60", "Seconds between looks for distributed queries."),
    ("distributed_tls_read_endpoint", "flag", "string", "", "Path on the TLS server that hands out queries."),
    ("distributed_tls_write_endpoint", "flag", "string", "", "Path on the TLS server that takes answers."),
    ("distributed_tls_max_attempts", "flag", "uint64", "3", "Tries for one request of the distributed plugin."),
    ("distributed_loginfo", "flag", "bool", "false", "Log the distributed queries that run."),
    (
        "distributed_denylist_duration",
        "flag",
        "uint64",
        "86400",
        "Seconds that a query which ended the worker is refused.",
    ),
    (
        "distributed_query_timeout",
        "flag",
        "uint64",
        "0",
        "Seconds after which a distributed query ends with an error; 0 is statement_timeout.",
    ),
    ("distributed_workers", "flag", "uint32", "2", "Distributed queries that run at the same time."),
    ("disable_carver", "cli", "bool", "true", "Carve no files."),
    ("carver_disable_function", "cli", "bool", "true", "Leave the SQL function carve out."),
    ("carver_start_endpoint", "cli", "string", "", "Path on the TLS server that opens a carve."),
    ("carver_continue_endpoint", "cli", "string", "", "Path on the TLS server that takes a carve's blocks."),
    ("carver_block_size", "cli", "uint32", "8192", "Bytes in one block of a carve."),
    ("carver_compression", "cli", "bool", "false", "Compress carves with Zstandard."),
    (
        "carver_expiry",
        "cli",
        "uint32",
        "86400",
        "Seconds that a carve is shown after its end, and that its delivery is tried while the server is away.",
    ),
    ("carver_plugin", "cli", "string", "tls", "Plugin that delivers carves."),
    (
        "carver_disk_limit",
        "cli",
        "uint64",
        "8192",
        "MiB of disk for the archive of a carve; files that do not fit are left out. 0 takes what the disk has.",
    ),
)
