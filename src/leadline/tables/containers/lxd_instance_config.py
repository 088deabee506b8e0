"""The lxd_instance_config table."""

from __future__ import annotations

from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers.lxd import Daemon
from leadline.tables.containers.values import pairs, text


@table(
    "lxd_instance_config",
    Column("name", TEXT, "Name of the instance.", required=True, index=True),
    Column("key", TEXT, "Name of the setting, such as `limits.memory`."),
    Column("value", TEXT, "Its value."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=[
        "SELECT key, value FROM lxd_instance_config WHERE name = 'hello'",
        "SELECT name FROM lxd_instances JOIN lxd_instance_config USING (name)"
        " WHERE key = 'security.privileged' AND value = 'true'",
    ],
    notes=(
        "From LXD's REST API over the socket that the flag `lxd_socket` names. Settings of the instance itself only,"
        " without those that its profiles add; the statement has to name the instance."
    ),
)
def lxd_instance_config(query: Query) -> Rows:
    """Settings of an LXD instance."""
    for _, name, instance in Daemon(query).instances(query.equals("name") or ()):
        for key, value in pairs(instance, "config"):
            yield name, key, text(value)
