"""Flags of extension processes and of the thrift they speak."""

from __future__ import annotations

FLAGS = (
    ("disable_extensions", "cli", "bool", "false", "Offer no socket to extensions."),
    ("extensions_autoload", "cli", "string", "/etc/osquery/extensions.load", "File that lists extensions to start."),
    ("extensions_timeout", "cli", "string", "3", "Seconds to wait for the extensions that must be there."),
    ("extensions_interval", "cli", "string", "3", "Seconds between looks whether extensions are alive."),
    ("extensions_require", "cli", "string", "", "Comma-separated extensions that must be there."),
    ("tables_d", "cli", "string", "", "Directory of Python files whose tables are loaded; empty loads none."),
    ("enroll_plugin", "cli", "string", "tls", "Plugin that gives this machine its node key."),
    ("thrift_timeout", "flag", "uint32", "300", "Seconds that a call to an extension may take."),
    ("thrift_string_size_limit", "flag", "int32", "0", "Longest string in bytes that is read; 0 is our own, 16 MiB."),
    ("thrift_verbose", "flag", "bool", "false", "Print the thrift library's messages."),
)

UNUSED = {"thrift_verbose": "calls of extensions are not logged one by one"}
