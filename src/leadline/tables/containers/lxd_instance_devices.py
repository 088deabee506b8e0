"""The lxd_instance_devices table."""

from __future__ import annotations

from leadline.sql.schema import LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers.lxd import Daemon
from leadline.tables.containers.values import pairs, text


@table(
    "lxd_instance_devices",
    Column("name", TEXT, "Name of the instance.", required=True, index=True),
    Column("device", TEXT, "Name of the device."),
    Column("device_type", TEXT, "Kind of device, such as `disk` or `nic`."),
    Column("key", TEXT, "Name of the setting."),
    Column("value", TEXT, "Its value."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=[
        "SELECT device, device_type, key, value FROM lxd_instance_devices WHERE name = 'hello'",
        "SELECT name, device, value FROM lxd_instances JOIN lxd_instance_devices USING (name)"
        " WHERE device_type = 'disk' AND key = 'source'",
    ],
    notes=(
        "From LXD's REST API over the socket that the flag `lxd_socket` names. Devices that come from profiles are"
        " included; the statement has to name the instance."
    ),
)
def lxd_instance_devices(query: Query) -> Rows:
    """Settings of the devices of an LXD instance, one row a setting."""
    for _, name, instance in Daemon(query).instances(query.equals("name") or ()):
        for device, settings in pairs(instance, "expanded_devices"):
            kind = text(settings, "type") or ""
            for key, value in pairs(settings):
                if key != "type":
                    yield name, device, kind, key, text(value)
