"""The lxd_instances table."""

from __future__ import annotations

from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers.lxd import Daemon
from leadline.tables.containers.values import number, text, yes


@table(
    "lxd_instances",
    Column("name", TEXT, "Name of the instance.", index=True),
    Column("status", TEXT, "What it is doing, such as `Running` or `Stopped`."),
    Column("stateful", INTEGER, "1 when its memory is kept over a stop."),
    Column("ephemeral", INTEGER, "1 when it is deleted as it stops."),
    Column("created_at", TEXT, "When it was made, in the form of RFC 3339."),
    Column("base_image", TEXT, "Fingerprint of the image it was made from."),
    Column("architecture", TEXT, "Architecture of that image."),
    Column("os", TEXT, "Operating system of that image."),
    Column("description", TEXT, "Description of that image."),
    Column("pid", INTEGER, "Its first process, as this machine numbers it; 0 when it is stopped, and -1 when unknown."),
    Column("processes", INTEGER, "Number of processes in it; 0 when it is stopped, and -1 when unknown."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=[
        "SELECT name, status, os, pid FROM lxd_instances",
        "SELECT name, created_at FROM lxd_instances WHERE status = 'Running' AND ephemeral = 0",
    ],
    notes=(
        "From LXD's REST API over the socket that the flag `lxd_socket` names, which takes root or the group `lxd`."
        " Virtual machines are listed too; only instances of the default project are."
    ),
)
def lxd_instances(query: Query) -> Rows:
    """Containers and virtual machines that LXD manages."""
    daemon = Daemon(query)
    for path, name, instance in daemon.instances(query.equals("name")):
        image = daemon.get(f"{path}/metadata") if query.uses("architecture", "os", "description") else None
        state = daemon.get(f"{path}/state") if query.uses("pid", "processes") else None
        yield (
            name,
            text(instance, "status"),
            yes(instance, "stateful"),
            yes(instance, "ephemeral"),
            text(instance, "created_at"),
            text(instance, "config", "volatile.base_image"),
            text(image, "properties", "architecture"),
            text(image, "properties", "os"),
            text(image, "properties", "description"),
            number(state, "pid"),
            number(state, "processes"),
        )
