"""The osquery_info table."""

from __future__ import annotations

import os

import leadline
from leadline.linux import identity, osrelease, started
from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.osquery import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_LINUX_MASK = 9  # POSIX 1 + LINUX 8

# What is true of any process that holds an engine; the program around it knows better and says so in Runtime.info().
_DEFAULTS: dict[str, Callable[[], object]] = {
    "pid": os.getpid,
    "uuid": lambda: identity.host_uuid(""),
    "instance_id": lambda: "",
    "version": lambda: leadline.OSQUERY_VERSION,
    "config_hash": lambda: "",
    "config_valid": lambda: 0,
    "extensions": lambda: "inactive",
    "build_platform": lambda: "linux",
    "build_distro": lambda: osrelease.tag(""),
    "start_time": started.at,
    "watcher": lambda: -1,
    "platform_mask": lambda: _LINUX_MASK,
}


@table(
    "osquery_info",
    Column("pid", INTEGER, "Process that answers."),
    Column("uuid", TEXT, "Unique id of this machine.", collate="nocase"),
    Column("instance_id", TEXT, "Unique id of this installation of the agent; made at its first start."),
    Column("version", TEXT, "Version of osquery whose tables and formats are spoken.", collate="version"),
    Column("config_hash", TEXT, "Hash of the configuration in use.", collate="nocase"),
    Column("config_valid", INTEGER, "1 when a configuration was loaded and is valid, else 0."),
    Column("extensions", TEXT, "`active` when extensions can be used, else `inactive`."),
    Column("build_platform", TEXT, "Platform the program was built for."),
    Column("build_distro", TEXT, "Distribution and version the program runs on."),
    Column("start_time", INTEGER, "When the process started, in seconds since 1970."),
    Column("watcher", INTEGER, "Process that watches this one; -1 without one."),
    Column("platform_mask", INTEGER, "Bits of the platform: POSIX 1, Windows 2, BSD 4, Linux 8, macOS 16."),
    platforms=LINUX,
    utility=True,
    examples=["SELECT version, pid, uuid FROM osquery_info"],
    notes="Columns that only an agent knows, such as the hash of the configuration, are empty in the shell.",
)  # fmt: skip
def osquery_info(query: Query) -> Rows:
    """The program that answers this query: version, process, configuration; one row."""
    source = runtime.of(query)
    known = source.info() if source else {}
    yield tuple(
        runtime.value(known[column] if column in known else default()) if query.uses(column) else None
        for column, default in _DEFAULTS.items()
    )
