"""The selinux_settings table."""

from __future__ import annotations

from leadline.linux import selinux
from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table


@table(
    "selinux_settings",
    Column("scope", TEXT, "Group of settings: booleans, policy_capabilities, initial_contexts, class; empty for none."),
    Column("key", TEXT, "Name of the setting; for a class its name and `/perms`."),
    Column("value", TEXT, "Value that holds now; for a class one of its permissions."),
    platforms=LINUX,
    examples=[
        "SELECT value FROM selinux_settings WHERE scope = '' AND key = 'enforce'",
        "SELECT key, value FROM selinux_settings WHERE scope = 'booleans' AND value = 'on'",
    ],
    notes=(
        "From selinuxfs, usually /sys/fs/selinux; empty where SELinux is off. A boolean is `on` or `off`,"
        " a class has a row for each permission."
    ),
)
def selinux_settings(query: Query) -> Rows:
    """State and settings of SELinux, and the permissions its policy knows."""
    yield from selinux.settings(query.root)
