"""Flags of the process itself: its files, its life cycle."""

from __future__ import annotations

FLAGS = (
    ("config_path", "cli", "string", "/etc/osquery/osquery.conf", "Configuration file of the filesystem plugin."),
    ("database_path", "cli", "string", "/var/osquery/osquery.db", "Where the agent keeps its state."),
    ("pidfile", "cli", "string", "/var/run/osqueryd.pidfile", "File that holds the daemon's process id."),
    ("extensions_socket", "cli", "string", "/var/osquery/osquery.em", "Socket that extensions connect to."),
    ("logger_path", "flag", "string", "/var/log/osquery/", "Directory of the filesystem logger."),
    ("daemonize", "cli", "bool", "false", "Detach from the terminal and run in the background."),
    ("force", "cli", "bool", "false", "End a daemon that is already running and take its place."),
    ("ephemeral", "flag", "bool", "false", "Skip the pidfile and keep no state on disk."),
    ("disable_database", "flag", "bool", "false", "Keep state in memory only."),
    ("database_dump", "cli", "bool", "false", "Print the stored state and exit."),
    ("alarm_timeout", "cli", "uint64", "15", "Seconds that an orderly shutdown may take, at least 10."),
    ("allow_unsafe", "hidden", "bool", "false", "Accept extensions and paths with unsafe permissions."),
    ("worker_threads", "hidden", "int32", "4", "Number of threads for background work."),
    ("malloc_trim_threshold", "flag", "uint64", "200", "Resident MB above which unused memory is given back."),
    ("experiment_list", "flag", "string", "", "Comma-separated experiments to switch on."),
    ("install", "cli", "bool", "false", "Install the daemon as a system service (Windows)."),
    ("uninstall", "cli", "bool", "false", "Remove the system service (Windows)."),
    ("S", "cli", "bool", "false", "Run as the shell."),
    ("D", "cli", "bool", "false", "Run as the daemon."),
)

ALIASES = {"db_path": "database_path", "osquery_log_dir": "logger_path"}
