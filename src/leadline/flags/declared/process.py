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
    (
        "agent_nice",
        "cli",
        "int32",
        "10",
        "Nice value of the worker, -20 to 19. The default holds only while a watcher with limits runs.",
    ),
    (
        "agent_ionice",
        "cli",
        "string",
        "idle",
        "I/O priority of the worker: idle, best-effort:0 to best-effort:7 or none. Default as agent_nice's.",
    ),
    ("S", "cli", "bool", "false", "Run as the shell."),
    ("D", "cli", "bool", "false", "Run as the daemon."),
)

ALIASES = {"db_path": "database_path", "osquery_log_dir": "logger_path"}

_PACKAGED = "on Linux a package installs and removes the service; 'leadline package' makes one"

UNUSED = {
    "install": _PACKAGED,
    "uninstall": _PACKAGED,
    "worker_threads": "each part of the agent has threads of its own",
    "experiment_list": "there are no experiments in this program",
}
