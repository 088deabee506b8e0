"""The declarations of every flag, as plain data: one module a subject.

A module holds ``FLAGS``, tuples of (name, kind, type, default, description), and may hold ``ALIASES``, other names of
flags of the same module. Kinds are osquery's: FLAG may also be set by the configuration, CLI on the command line or in
a flag file only, HIDDEN is left out of ``--help``, SHELL belongs to the shell, LIBRARY to the flag library itself (not
listed in osquery_flags). Types are gflags' names: bool, int32, uint32, int64, uint64, double, string. Defaults are
texts, as ``osquery_flags`` prints them.

Modules are imported one by one as names are looked up, so the order below is the order of use in the shell.
"""

from __future__ import annotations

FLAG = "flag"
CLI = "cli"
HIDDEN = "hidden"
SHELL = "shell"
LIBRARY = "library"

SUBJECTS = {
    "shell": "Shell",
    "tables": "SQL and tables",
    "library": "Flag and log library",
    "process": "Process and files",
    "watchdog": "Watchdog",
    "config": "Configuration",
    "schedule": "Schedule and packs",
    "logger": "Logger",
    "aws": "AWS destinations",
    "destinations": "Splunk, Elasticsearch and webhooks",
    "tls": "TLS and enrollment",
    "distributed": "Distributed queries and carves",
    "events": "Events",
    "extensions": "Extensions",
    "storage": "Storage and monitoring",
}
"""Module name → heading in ``--help``."""
