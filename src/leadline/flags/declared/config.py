"""Flags of where the configuration comes from."""

from __future__ import annotations

FLAGS = (
    ("config_plugin", "cli", "string", "filesystem", "Plugin that provides the configuration."),
    ("config_check", "cli", "bool", "false", "Check the configuration and exit."),
    ("config_dump", "cli", "bool", "false", "Print the configuration and exit."),
    ("config_refresh", "cli", "uint64", "0", "Seconds between reads of the configuration; 0 reads it once."),
    (
        "config_accelerated_refresh",
        "cli",
        "uint64",
        "300",
        "Seconds until the next try after the configuration could not be had.",
    ),
    (
        "config_enable_backup",
        "cli",
        "bool",
        "false",
        "Keep the last good configuration and start from it when there is no other.",
    ),
    ("config_tls_endpoint", "cli", "string", "", "Path on the TLS server that answers with the configuration."),
    (
        "config_tls_etag",
        "cli",
        "bool",
        "true",
        "Ask the server for a configuration only when it is another one than before.",
    ),
    ("config_tls_max_attempts", "cli", "uint64", "3", "Tries for one fetch of the configuration."),
)

ALIASES = {
    "config_tls_refresh": "config_refresh",
    "config_tls_accelerated_refresh": "config_accelerated_refresh",
}
