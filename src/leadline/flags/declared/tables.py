"""Flags of the SQL engine and of single tables."""

from __future__ import annotations

FLAGS = (
    ("nullvalue", "flag", "string", "", "Text printed for NULL."),
    ("enable_tables", "cli", "string", "", "Comma-separated tables to offer; every other table is hidden."),
    ("disable_tables", "cli", "string", "", "Comma-separated tables to hide."),
    ("enable_foreign", "flag", "bool", "false", "Offer other platforms' tables too, without rows."),
    ("extensions_default_index", "flag", "bool", "true", "Treat the columns of extension tables as indexed."),
    ("table_delay", "flag", "uint64", "0", "Milliseconds to wait before a statement scans one table again."),
    ("disable_caching", "flag", "bool", "false", "Never reuse a table's rows between scheduled queries."),
    ("ignore_table_exceptions", "flag", "bool", "false", "Let a statement go on when one of its tables fails."),
    ("ignore_registry_exceptions", "hidden", "bool", "false", "Let the program go on when a plugin fails."),
    (
        "regex_max_size",
        "hidden",
        "uint32",
        "256",
        "Longest pattern in bytes that the regular expression functions take.",
    ),
    ("read_max", "flag", "uint64", "52428800", "Largest file in bytes that a table reads whole."),
    ("disable_hash_cache", "flag", "bool", "false", "Hash a file again each time, even when it did not change."),
    ("hash_cache_max", "flag", "uint32", "500", "Number of files whose hashes are remembered."),
    ("hash_delay", "hidden", "uint32", "20", "Milliseconds to wait between two files being hashed."),
    ("yara_delay", "flag", "uint32", "50", "Milliseconds to wait between two files being scanned by YARA."),
    ("yara_malloc_trim", "hidden", "bool", "true", "Give memory back to the system after a YARA scan."),
    (
        "yara_sigurl_authenticate",
        "flag",
        "bool",
        "false",
        "Fetch YARA rules with the node's key over the enrolled TLS.",
    ),
    ("enable_yara_string", "hidden", "bool", "false", "Show the strings of a file that a YARA rule matched."),
    ("keep_container_worker_open", "cli", "bool", "false", "Keep the process that looks into containers for reuse."),
    ("docker_socket", "flag", "string", "/var/run/docker.sock", "Socket of the Docker daemon."),
    ("lxd_socket", "flag", "string", "/var/lib/lxd/unix.socket", "Socket of the LXD daemon."),
    ("augeas_lenses", "flag", "string", "/opt/osquery/share/osquery/lenses", "Directory of Augeas lenses."),
    (
        "user_data_scope",
        "flag",
        "string",
        "self",
        "Users that tables of user data answer for when a statement names none: self, local, recent or all.",
    ),
    ("disable_memory", "flag", "bool", "false", "Never read physical memory."),
)
