"""The lxd_cluster table."""

from __future__ import annotations

from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers.lxd import Daemon
from leadline.tables.containers.values import entries, text, yes

_KEYS = ("entity", "name", "key", "value", "description")


@table(
    "lxd_cluster",
    Column("server_name", TEXT, "Name of this server within the cluster."),
    Column("enabled", INTEGER, "1 when the server belongs to a cluster."),
    Column("member_config_entity", TEXT, "Kind of thing that a new member has to set up, such as `storage-pool`."),
    Column("member_config_name", TEXT, "Name of that thing."),
    Column("member_config_key", TEXT, "Setting that the new member has to give."),
    Column("member_config_value", TEXT, "Value of the setting."),
    Column("member_config_description", TEXT, "Description of the setting."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT server_name, enabled FROM lxd_cluster"],
    notes=(
        "From LXD's REST API over the socket that the flag `lxd_socket` names. One row for each setting that new"
        " members have to give, and a row without one when there are none."
    ),
)
def lxd_cluster(query: Query) -> Rows:
    """The LXD cluster that this server belongs to."""
    cluster = Daemon(query).get("/1.0/cluster")
    if isinstance(cluster, dict):
        for setting in entries(cluster, "member_config") or (None,):
            own = (text(setting, key) for key in _KEYS)
            yield text(cluster, "server_name"), yes(cluster, "enabled"), *own
