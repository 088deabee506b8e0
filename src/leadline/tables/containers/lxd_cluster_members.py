"""The lxd_cluster_members table."""

from __future__ import annotations

from leadline.sql.schema import INTEGER, LINUX, TEXT, Column, Query, Rows, table
from leadline.tables.containers.lxd import Daemon
from leadline.tables.containers.values import text, yes


@table(
    "lxd_cluster_members",
    Column("server_name", TEXT, "Name of the member."),
    Column("url", TEXT, "Address of its API."),
    Column("database", INTEGER, "1 when it keeps a copy of the cluster's database."),
    Column("status", TEXT, "Whether it is there, such as `Online` or `Offline`."),
    Column("message", TEXT, "More about its status."),
    platforms=LINUX,
    live=True,
    asks="a running daemon",
    examples=["SELECT server_name, url, status FROM lxd_cluster_members WHERE status <> 'Online'"],
    notes=(
        "From LXD's REST API over the socket that the flag `lxd_socket` names. Empty on a server that belongs to no"
        " cluster."
    ),
)
def lxd_cluster_members(query: Query) -> Rows:
    """Servers of the LXD cluster that this server belongs to."""
    for server in Daemon(query).all("cluster/members", complain=False):
        yield (
            text(server, "server_name"),
            text(server, "url"),
            yes(server, "database"),
            text(server, "status"),
            text(server, "message"),
        )
